#pragma once

#include <vector>

#include "engine/config/key_table.hpp"

namespace tune::engine {

inline constexpr const char* kMetricLike = "text of 1 to 255 bytes";

/// The tables of the sections that a key of the top holds, but for the objective and the parameters.
std::vector<SectionSpec> study_sections();

}  // namespace tune::engine
