#pragma once

#include <vector>

#include "engine/config/key_table.hpp"

namespace tune::engine {

/// The sections of a parameter: `parameters.float`, `parameters.int`, `parameters.categorical`, and `prior`.
std::vector<SectionSpec> parameter_sections();

}  // namespace tune::engine
