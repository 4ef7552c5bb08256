#pragma once

#include "tune/registry.hpp"

namespace tune::strategies {

/// Adds every health rule that comes with tune (docs/health-rules.md).
void register_health_rules(Registry& registry);

}  // namespace tune::strategies
