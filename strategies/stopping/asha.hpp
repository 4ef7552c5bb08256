#pragma once

#include "tune/registry.hpp"
#include "tune/stopping.hpp"

namespace tune::strategies {

/// `asha` for the registry: asynchronous successive halving (docs/early-stopping.md).
Entry<StoppingPolicy> asha_entry();

}  // namespace tune::strategies
