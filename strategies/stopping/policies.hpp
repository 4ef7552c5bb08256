#pragma once

#include "tune/registry.hpp"

namespace tune::strategies {

/// Adds every stopping policy that comes with tune, and the names of those that are planned.
void register_policies(Registry& registry);

}  // namespace tune::strategies
