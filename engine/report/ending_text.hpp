#pragma once

#include <string>

#include "tune/records.hpp"

namespace tune::engine {

/// Why a study ended, as one sentence with the numbers that its journal has; empty while it has not.
std::string ending_text(const StudyRecord& study);

}  // namespace tune::engine
