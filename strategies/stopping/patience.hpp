#pragma once

#include "tune/registry.hpp"
#include "tune/stopping.hpp"

namespace tune::strategies {

/// `patience` for the registry: stops a trial that has not improved for some time (docs/early-stopping.md).
Entry<StoppingPolicy> patience_entry();

}  // namespace tune::strategies
