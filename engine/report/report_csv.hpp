#pragma once

#include <string>
#include <vector>

#include "tune/records.hpp"

namespace tune::engine {

/// One line per trial, best first, with the columns of SageMaker's `HyperparameterTuningJobAnalytics().dataframe()`: each tuned
/// parameter, TrainingJobName, TrainingJobStatus, FinalObjectiveValue, TrainingStartTime, TrainingEndTime,
/// TrainingElapsedTimeSeconds. Quoted as RFC 4180 says, lines end in `\n`. A text that begins with
/// = + - @ a tab or a return and is no number has an apostrophe before it, so that no spreadsheet takes it for a formula. Several
/// studies share one table: the parameters of all, the trials of one study after those of the other.
std::string report_csv(const std::vector<const StudyRecord*>& studies);

}  // namespace tune::engine
