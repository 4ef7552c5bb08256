#pragma once

#include "tune/registry.hpp"

namespace tune::strategies {

/// Stops a trial when the chance that it ends among the best falls under a bound. docs/early-stopping.md, "predicted".
Entry<StoppingPolicy> predicted_entry();

}  // namespace tune::strategies
