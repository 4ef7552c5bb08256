#pragma once

#include "tune/registry.hpp"

namespace tune::test {

/// A strategy and a policy of every kind of option, so that these tests do not change with what comes with tune: strategies
/// random, grid and bayesian, policy median.
const Registry& config_registry();

}  // namespace tune::test
