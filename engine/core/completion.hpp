#pragma once

#include <optional>
#include <string>

#include "engine/config/study_spec.hpp"
#include "tune/records.hpp"

/// When a whole study is over before its trials are used up.
namespace tune::engine {

/// How a study is to end, and the stop reason its running trials get.
struct Ending {
  StudyStatus status = StudyStatus::kCompleted;
  std::string reason;
  std::string trial_reason;
};

/// The share of (best - median) that counts as an improvement for `converged`.
inline constexpr double kConvergedShare = 0.01;
/// `converged` looks at the last max(kConvergedTrials, kConvergedTrialsPerParameter * parameters) results.
inline constexpr int kConvergedTrials = 20;
inline constexpr int kConvergedTrialsPerParameter = 5;

/// The best finished trial: the best finite value; of equal ones the earlier trial. None without a value.
std::optional<TrialId> best_trial(const StudyRecord& record);

/// Whether a completion criterion of `spec` or `max_failures` is met. A pure function; asked after each trial's end, and again
/// when a study is taken over: the answer is still the same when the trials that it stopped have ended.
std::optional<Ending> completed_by(const StudySpec& spec, const StudyRecord& record, std::int64_t failed_in_a_row);

}  // namespace tune::engine
