#pragma once

#include "tune/registry.hpp"
#include "tune/stopping.hpp"

namespace tune::strategies {

/// `hyperband` for the registry: successive halving in all brackets at once (docs/early-stopping.md).
Entry<StoppingPolicy> hyperband_entry();

}  // namespace tune::strategies
