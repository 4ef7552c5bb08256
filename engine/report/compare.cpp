#include "engine/report/compare.hpp"

#include <algorithm>
#include <cmath>

#include "engine/report/ledger.hpp"

namespace tune::engine {

namespace {

/// In the order in which trials ended; what never ran here took no training.
std::vector<BestSoFar> best_so_far(const StudyRecord& study) {
  std::vector<BestSoFar> curve;
  for (const TrialId id : study.finished_order) {
    const TrialRecord& trial = study.trial(id);
    if (!trial.value || trial.status == TrialStatus::kFailed || !trial.ended_time) continue;
    if (!curve.empty() && !study.objective.better(*trial.value, curve.back().value)) continue;
    curve.push_back({training_seconds_until(study, *trial.ended_time), *trial.value});
  }
  return curve;
}

ArmFigures figures(const Arm& arm) {
  const StudyRecord& study = *arm.study;
  const StatusCounts counts = count_statuses(study);
  const Ledger ledger = make_ledger(study);
  ArmFigures out;
  out.name = arm.name;
  out.directory = arm.directory;
  out.study = study.name;
  out.status = study.status;
  out.early_stopping = study.stopping;
  out.training = ledger.training;
  out.wall = ledger.wall;
  out.trials = static_cast<std::int64_t>(study.trials.size());
  out.completed = counts.completed;
  out.stopped = counts.stopped;
  out.failed = counts.failed;
  out.saved = ledger.saved;
  out.curve = best_so_far(study);
  if (const auto ranked = ranking(study); !ranked.empty()) {
    out.best_trial = ranked.front()->id;
    out.best_value = ranked.front()->value;
  }
  return out;
}

/// The first moment at which an objective came within kWithinShare of `best`.
std::optional<TimePoint> reached(const StudyRecord& study, double best) {
  std::optional<TimePoint> first;
  for (const TrialRecord& trial : study.trials) {
    const Series* series = trial.find_series(study.objective.metric);
    if (series == nullptr) continue;
    for (const Point& point : series->points) {
      if (!std::isfinite(point.value)) continue;
      const bool near =
          std::abs(point.value - best) <= kWithinShare * std::abs(best) || study.objective.better(point.value, best);
      if (near && (!first || point.time < *first)) first = point.time;
    }
  }
  return first;
}

bool same_objective(const Objective& a, const Objective& b) { return a.metric == b.metric && a.goal == b.goal; }

Status cannot_compare(const Arm& one, const Arm& other) {
  const auto wants = [](const Arm& arm) {
    return arm.directory + " is to " + std::string(to_string(arm.study->objective.goal)) + " '" + arm.study->objective.metric +
           "'";
  };
  return Status::invalid("the studies cannot be compared: " + wants(one) + ", " + wants(other));
}

ComparedPair compared(const ArmPair& pair) {
  const Objective& objective = pair.first.study->objective;
  ComparedPair out{pair.first.study->seed, {figures(pair.first), figures(pair.second)}, std::nullopt};
  std::optional<double> best;
  for (const ArmFigures& arm : out.arms) {
    if (arm.best_value && (!best || objective.better(*arm.best_value, *best))) best = arm.best_value;
  }
  const double budget = std::min(out.arms[0].training, out.arms[1].training);
  for (std::size_t i = 0; i < 2; ++i) {
    const StudyRecord& study = i == 0 ? *pair.first.study : *pair.second.study;
    ArmFigures& arm = out.arms[i];
    arm.best_at_equal_training = best_after(arm.curve, budget);
    if (const auto time = best ? reached(study, *best) : std::nullopt) arm.to_within = training_seconds_until(study, *time);
  }
  const bool first_stops = out.arms[0].early_stopping != "off";
  if (first_stops != (out.arms[1].early_stopping != "off")) {
    const ArmFigures& with = out.arms[first_stops ? 0 : 1];
    const ArmFigures& without = out.arms[first_stops ? 1 : 0];
    if (with.saved) out.saved = SavedCheck{*with.saved, without.training - with.training};
  }
  return out;
}

}  // namespace

double training_seconds_until(const StudyRecord& study, TimePoint time) {
  double sum = 0.0;
  for (const TrialRecord& trial : study.trials) {
    for (const AttemptRecord& attempt : trial.attempts) {
      if (!attempt.started || *attempt.started >= time) continue;
      sum += std::min(running_seconds(trial, attempt), to_seconds(time - *attempt.started));
    }
  }
  return sum;
}

std::optional<double> best_after(const std::vector<BestSoFar>& curve, double training) {
  // Sums of the same times in another order may differ in their last digits.
  constexpr double kRounding = 1e-6;  // seconds
  std::optional<double> best;
  for (const BestSoFar& point : curve) {
    if (point.training <= training + kRounding) best = point.value;
  }
  return best;
}

Result<Comparison> compare_arms(const std::vector<ArmPair>& pairs) {
  TUNE_CHECK(!pairs.empty());
  const Arm& model = pairs.front().first;
  Comparison comparison{model.study->objective, {}};
  for (const ArmPair& pair : pairs) {
    for (const Arm* arm : {&pair.first, &pair.second}) {
      if (!same_objective(comparison.objective, arm->study->objective)) return cannot_compare(model, *arm);
    }
    comparison.pairs.push_back(compared(pair));
  }
  return comparison;
}

}  // namespace tune::engine
