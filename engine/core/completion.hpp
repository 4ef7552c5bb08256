#pragma once

#include <optional>
#include <string_view>

#include "engine/config/study_spec.hpp"
#include "engine/journal/event.hpp"
#include "tune/records.hpp"

/// When a whole study is over before its trials are used up.
namespace tune::engine {

/// How a study is to end, and the numbers by which people are told why (docs/search.md, "Ending the search").
using Ending = event::StudyEnding;

/// The stop reason of the trials that a study's end stops: the study's own where that is a criterion or a person, else `budget`.
std::string_view trial_stop_reason(std::string_view study_reason);

/// The share of (best - median) that counts as an improvement for `converged`.
inline constexpr double kConvergedShare = 0.01;
/// `converged` looks at the last max(kConvergedTrials, kConvergedTrialsPerParameter * parameters) completed trials.
inline constexpr int kConvergedTrials = 20;
inline constexpr int kConvergedTrialsPerParameter = 5;
/// What a strategy expects counts for `converged` when it says so in that many proposals in a row.
inline constexpr int kConvergedProposals = 3;

/// The best finished trial: the best finite value; of equal ones the earlier trial. None without a value.
std::optional<TrialId> best_trial(const StudyRecord& record);

/// Whether a completion criterion of `spec` or `max_failures` is met. A pure function of what was known when the last trial
/// ended; asked after each trial's end, and again when a study is taken over: the answer is still the same when the trials that
/// it stopped have ended.
std::optional<Ending> completed_by(const StudySpec& spec, const StudyRecord& record, std::int64_t failed_in_a_row);

/// The end of a study for which no trial will come any more: max_trials, or exhausted.
Ending used_up(const StudySpec& spec, const StudyRecord& record);

}  // namespace tune::engine
