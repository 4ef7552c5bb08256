#pragma once

#include <vector>

#include "engine/config/key_table.hpp"

namespace tune::engine {

inline constexpr const char* kMetricLike = "text of 1 to 255 bytes";

/// The tables of the sections that a key of the top holds, but for the objective, the parameters and the following ones.
std::vector<SectionSpec> study_sections();
/// The same of those that say how trials are carried out.
std::vector<SectionSpec> execution_sections();

}  // namespace tune::engine
