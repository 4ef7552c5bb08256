#pragma once

#include <string>

#include "engine/config/study_spec.hpp"

namespace tune::engine {

/// What a study would do, every default resolved, for people (`tune check`).
std::string settings_text(const StudySpec& spec);

/// A strategy or policy with its options: `median (min_trials 5, percentile 50)`.
std::string named_text(const NamedOptions& named);

}  // namespace tune::engine
