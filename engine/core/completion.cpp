#include "engine/core/completion.hpp"

#include <algorithm>
#include <array>

#include "engine/core/converged.hpp"

namespace tune::engine {

namespace {

/// Trials that a completion criterion stopped tell nothing about it: after a crash on the way to the end it must hold as before.
bool stopped_by_completion(const TrialRecord& trial) {
  return trial.stop_reason == "not_improving" || trial.stop_reason == "converged";
}

/// Number of finished trials since the one that set the best value, whether they have a value or not.
std::int64_t trials_since_best(const StudyRecord& record) {
  std::optional<double> best;
  std::int64_t since = 0;
  for (const TrialId id : record.finished_order) {
    const TrialRecord& trial = record.trial(id);
    const auto& value = trial.value;
    ++since;
    if (value && !stopped_by_completion(trial) && (!best || record.objective.better(*value, *best))) {
      best = value;
      since = 0;
    }
  }
  return best ? since : 0;
}

double count(std::int64_t number) { return static_cast<double>(number); }

}  // namespace

std::string_view trial_stop_reason(std::string_view study_reason) {
  constexpr std::array<std::string_view, 4> kOwn{"target", "not_improving", "converged", "user"};
  return std::ranges::find(kOwn, study_reason) != kOwn.end() ? study_reason : "budget";
}

std::optional<TrialId> best_trial(const StudyRecord& record) {
  std::optional<TrialId> best;
  for (const TrialRecord& trial : record.trials) {
    if (!trial.value || !trial.finished()) continue;
    if (!best || record.objective.better(*trial.value, *record.trial(*best).value)) best = trial.id;
  }
  return best;
}

std::optional<Ending> completed_by(const StudySpec& spec, const StudyRecord& record, std::int64_t failed_in_a_row) {
  if (record.finished_order.empty()) return std::nullopt;
  const Completion& completion = spec.completion;
  const auto best = best_trial(record);
  const double best_value = best ? *record.trial(*best).value : 0.0;
  if (completion.target && best && !record.objective.better(*completion.target, best_value)) {
    return Ending{
        StudyStatus::kCompleted, "target", {{"best", best_value}, {"trial", count(*best)}, {"target", *completion.target}}};
  }
  if (failed_in_a_row >= spec.limits.max_failures) {
    return Ending{StudyStatus::kFailed,
                  "max_failures",
                  {{"failed_in_a_row", count(failed_in_a_row)}, {"limit", count(spec.limits.max_failures)}}};
  }
  if (completion.not_improving) {
    const std::int64_t since = trials_since_best(record);
    if (since >= *completion.not_improving) {
      return Ending{StudyStatus::kCompleted,
                    "not_improving",
                    {{"trials_since_best", count(since)},
                     {"limit", count(*completion.not_improving)},
                     {"best", best_value},
                     {"trial", count(*best)}}};
    }
  }
  if (completion.converged) {
    if (auto numbers = converged_numbers(record)) return Ending{StudyStatus::kCompleted, "converged", *std::move(numbers)};
  }
  return std::nullopt;
}

Ending used_up(const StudySpec& spec, const StudyRecord& record) {
  const auto trials = static_cast<std::int64_t>(record.trials.size());
  if (spec.limits.max_trials && trials >= *spec.limits.max_trials) {
    return {StudyStatus::kCompleted, "max_trials", {{"trials", count(trials)}, {"limit", count(*spec.limits.max_trials)}}};
  }
  return {StudyStatus::kCompleted, "exhausted", {{"trials", count(trials)}}};
}

}  // namespace tune::engine
