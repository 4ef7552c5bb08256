#pragma once

#include <optional>
#include <string>

#include "engine/config/study_spec.hpp"
#include "tune/executor.hpp"
#include "tune/records.hpp"

/// What an attempt is started with: its directories, command line and environment (docs/trial-contract.md).
namespace tune::engine {

/// Below the attempt's directory: SM_MODEL_DIR and SM_OUTPUT_DATA_DIR.
inline constexpr const char* kModelDirectory = "/model";
inline constexpr const char* kOutputDirectory = "/output";

/// DIR/trials/0007/1
std::string attempt_directory(const std::string& study_directory, AttemptId id);

/// The launch of attempt `id` without side effects. `resources` are those of every trial of the study.
LaunchSpec plan_launch(const StudySpec& spec, const StudyRecord& record, const std::string& study_directory, AttemptId id,
                       const Resources& resources, bool resumes);

/// Makes the attempt's directory; the checkpoints of the previous attempt move there. Returns whether there are any. What earlier
/// attempts left half written is removed.
Result<bool> prepare_directories(const std::string& study_directory, AttemptId id);

/// Whether the newest checkpoint directory of attempt `id` or one before it holds something.
bool has_checkpoint(const std::string& study_directory, AttemptId id);

}  // namespace tune::engine
