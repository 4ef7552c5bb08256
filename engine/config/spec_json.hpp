#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/config/study_spec.hpp"

/// A resolved study as JSON, for the journal.
namespace tune::engine {

/// One line, keys in a fixed order, numbers exact, durations in microseconds, absent values null, non-finite numbers as the
/// strings "NaN", "Infinity", "-Infinity" (as a parameter's, static or option value: {"number": "NaN"}, since those may be text
/// too).
std::string spec_to_json(const StudySpec& spec);

/// The exact inverse. A key that an earlier tune did not know may be missing: it had no such thing, or what is the default now.
/// Refuses unknown and other missing keys, wrong types and a space that is none, with the key's path.
Result<StudySpec> spec_from_json(std::string_view json);

/// Every difference as `KEY: recorded A, given B`, but for the four limits that may change: `limits.max_trials`,
/// `limits.max_parallel`, `limits.max_runtime`, `limits.max_gpu_hours`.
std::vector<std::string> spec_differences(const StudySpec& recorded, const StudySpec& given);

}  // namespace tune::engine
