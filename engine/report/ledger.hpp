#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tune/end_chance.hpp"
#include "tune/insight.hpp"
#include "tune/records.hpp"

/// What a study cost and what early stopping spared it: folds over its attempts.
namespace tune::engine {

/// Until when an attempt that has not ended is counted: the present for a study that is being run, nothing for one that is not;
/// then its last observation ends it, because nobody knows how long it went on.
using Until = std::optional<TimePoint>;

/// What models say of a study: nothing where none was asked.
struct ModelViews {
  const Insight* insight = nullptr;
  std::vector<EndChance> chances = {};  ///< of the trials that a rule stopped, to have ended better than best_end
};

/// A study, the moment up to which it is reported, and what models say of it.
struct DatedStudy {
  const StudyRecord* record = nullptr;
  Until until = std::nullopt;
  ModelViews models = {};
};

/// When an attempt ran; start <= end.
struct RunningTime {
  TimePoint start;
  TimePoint end;
};
/// None before it started, and for one of which nothing more is known than that it did.
std::optional<RunningTime> running_time(const TrialRecord& trial, const AttemptRecord& attempt, Until until = std::nullopt);
/// Seconds an attempt ran; 0 before it started.
double running_seconds(const TrialRecord& trial, const AttemptRecord& attempt, Until until = std::nullopt);
/// How many GPUs were the attempt's own: a share of one counts as that.
double gpus_of(const AttemptRecord& attempt);
/// Seconds over all attempts of a trial (SageMaker: billable time).
double training_seconds(const TrialRecord& trial, Until until = std::nullopt);
/// The same, each attempt times its GPUs.
double gpu_seconds(const TrialRecord& trial, Until until = std::nullopt);

std::optional<TimePoint> first_start(const TrialRecord& trial);
/// When the study took note of the trial's end, on the clock of its observations: an order of events made from a report's times
/// is the order in which they happened. None while it is not finished, and for one that never ran here.
std::optional<TimePoint> last_end(const TrialRecord& trial);
/// SageMaker's TrainingElapsedTimeSeconds: last end less first start.
std::optional<double> elapsed_seconds(const TrialRecord& trial);
/// Largest step of the objective; none without one.
std::optional<std::int64_t> last_step(const TrialRecord& trial, const Objective& objective);
/// Whether an early-stopping rule ended it: neither a limit, nor divergence, nor a person.
bool stopped_early(const TrialRecord& trial);
/// The trial's own seconds for one step: between the first and the last objective of its last attempt that has any, but never
/// more than that attempt's time to the last one over its steps. With a single observation only the latter is known. None without
/// one.
std::optional<double> seconds_per_step(const TrialRecord& trial, const Objective& objective);
/// (maximum step - last step) x its own seconds per step, start-up included where it has a single value; none when one of them is
/// unknown. REQUIRES: stopped_early(trial).
std::optional<double> saved_seconds(const TrialRecord& trial, const Objective& objective, std::optional<std::int64_t> max_step);

/// Of the interval around the time saved.
inline constexpr double kSavedLevel = 0.95;
/// How `saved_seconds` comes about and what it is worth.
inline constexpr std::string_view kSavedMethod = "estimated as (maximum step - last step) x the trial's own seconds per step";
inline constexpr std::string_view kSavedCaution = "no stopped trial was run on to check it";

/// Seconds.
struct SavedInterval {
  double low = 0.0;
  double high = 0.0;
};

struct Ledger {
  double training = 0.0;        ///< seconds, the sum over all attempts
  double billable = 0.0;        ///< the same
  double wall = 0.0;            ///< seconds during which a process owned the study
  double gpu = 0.0;             ///< GPU seconds
  double failed = 0.0;          ///< part of `training`: trials that ended Failed or diverged
  std::optional<double> saved;  ///< seconds; none when it is unknown for one of the trials that were stopped early
  double saved_gpu = 0.0;       ///< GPU seconds, where `saved` is known
  /// Of level kSavedLevel around `saved`; none when no stopped trial has two steps to see a spread from.
  std::optional<SavedInterval> saved_interval;
  std::int64_t stopped_early = 0;
  std::optional<std::int64_t> max_step;
};
Ledger make_ledger(const StudyRecord& study, Until until = std::nullopt);

struct StatusCounts {
  std::int64_t completed = 0;
  std::int64_t stopped = 0;
  std::int64_t failed = 0;
  std::int64_t in_progress = 0;  ///< Stopping included
  std::int64_t paused = 0;       ///< of those in progress
};
StatusCounts count_statuses(const StudyRecord& study);
/// Stop reason -> number of trials.
std::map<std::string, std::int64_t> count_stop_reasons(const StudyRecord& study);

/// Trials with a value, best first; equal ones in the order of their numbers.
std::vector<const TrialRecord*> ranking(const StudyRecord& study);
/// The best of a study and of those it began with (SageMaker: OverallBestTrainingJob). None but with `identical`, whose values
/// mean the same, and while there is no value.
struct OverallBest {
  const EarlierStudy* study = nullptr;  ///< null: the study itself
  TrialId trial = 0;
  double value = 0.0;
};
std::optional<OverallBest> overall_best(const StudyRecord& study);
/// The step at which a trial's value was reached: its last, or the first best one with `value: best`.
std::optional<std::int64_t> value_step(const TrialRecord& trial, const Objective& objective);

}  // namespace tune::engine
