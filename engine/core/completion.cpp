#include "engine/core/completion.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace tune::engine {

namespace {

/// Trials that a completion criterion stopped tell nothing about it: after a crash on the way to the end it must hold as before.
bool stopped_by_completion(const TrialRecord& trial) {
  return trial.stop_reason == "not_improving" || trial.stop_reason == "converged";
}

/// Results of finished trials in the order in which they ended.
std::vector<double> results(const StudyRecord& record) {
  std::vector<double> values;
  for (const TrialId id : record.finished_order) {
    const TrialRecord& trial = record.trial(id);
    if (trial.value && !stopped_by_completion(trial)) values.push_back(*trial.value);
  }
  return values;
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

/// No improvement by more than kConvergedShare of the best's distance to the median within the last results.
bool converged(const StudyRecord& record) {
  std::vector<double> values = results(record);
  const auto window =
      static_cast<std::size_t>(std::max(kConvergedTrials, kConvergedTrialsPerParameter * static_cast<int>(record.space.size())));
  if (values.size() <= window) return false;
  const auto better = [&](double a, double b) { return record.objective.better(a, b); };
  const auto recent = values.end() - static_cast<std::ptrdiff_t>(window);
  const double before = *std::min_element(values.begin(), recent, better);
  const double now = *std::min_element(values.begin(), values.end(), better);
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return std::abs(now - before) <= kConvergedShare * std::abs(now - *middle);
}

}  // namespace

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
  if (completion.target) {
    const auto best = best_trial(record);
    if (best && !record.objective.better(*completion.target, *record.trial(*best).value)) {
      return Ending{StudyStatus::kCompleted, "target", "target"};
    }
  }
  if (failed_in_a_row >= spec.limits.max_failures) return Ending{StudyStatus::kFailed, "max_failures", "budget"};
  if (completion.not_improving && trials_since_best(record) >= *completion.not_improving) {
    return Ending{StudyStatus::kCompleted, "not_improving", "not_improving"};
  }
  if (completion.converged && converged(record)) return Ending{StudyStatus::kCompleted, "converged", "converged"};
  return std::nullopt;
}

}  // namespace tune::engine
