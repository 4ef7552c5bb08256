#include "engine/report/ledger.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "tune/study_view.hpp"

namespace tune::engine {

namespace {

/// Stop reasons that are no early-stopping rule (design: words, "stop reason").
constexpr std::array<std::string_view, 9> kOtherReasons{"diverged", "stalled",       "time_limit", "max_wait", "target",
                                                        "budget",   "not_improving", "converged",  "user"};

constexpr double kSavedDeviations = 1.959964;  // of a normal distribution, on each side, at kSavedLevel

std::optional<TimePoint> last_observation(const TrialRecord& trial, int attempt) {
  std::optional<TimePoint> last;
  for (const Series& series : trial.series) {
    for (const Point& point : series.points) {
      if (point.attempt == attempt && (!last || point.time > *last)) last = point.time;
    }
  }
  return last;
}

const AttemptRecord* find_attempt(const TrialRecord& trial, int number) {
  for (const AttemptRecord& attempt : trial.attempts) {
    if (attempt.number == number) return &attempt;
  }
  return nullptr;
}

}  // namespace

std::optional<RunningTime> running_time(const TrialRecord& trial, const AttemptRecord& attempt, Until until) {
  if (!attempt.started) return std::nullopt;
  std::optional<TimePoint> end = attempt.ended;
  if (!end) end = until ? until : last_observation(trial, attempt.number);
  if (!end) return std::nullopt;
  return RunningTime{*attempt.started, std::max(*attempt.started, *end)};
}

double running_seconds(const TrialRecord& trial, const AttemptRecord& attempt, Until until) {
  const auto ran = running_time(trial, attempt, until);
  return ran ? to_seconds(ran->end - ran->start) : 0.0;
}

double gpus_of(const AttemptRecord& attempt) { return static_cast<double>(attempt.gpus.size()) * attempt.gpu_share; }

double training_seconds(const TrialRecord& trial, Until until) {
  double sum = 0.0;
  for (const AttemptRecord& attempt : trial.attempts) sum += running_seconds(trial, attempt, until);
  return sum;
}

double gpu_seconds(const TrialRecord& trial, Until until) {
  double sum = 0.0;
  for (const AttemptRecord& attempt : trial.attempts) {
    sum += running_seconds(trial, attempt, until) * gpus_of(attempt);
  }
  return sum;
}

std::optional<TimePoint> first_start(const TrialRecord& trial) {
  for (const AttemptRecord& attempt : trial.attempts) {
    if (attempt.started) return attempt.started;
  }
  return std::nullopt;
}

std::optional<TimePoint> last_end(const TrialRecord& trial) {
  return trial.finished() && !trial.attempts.empty() ? trial.ended_time : std::nullopt;
}

std::optional<double> elapsed_seconds(const TrialRecord& trial) {
  const auto start = first_start(trial);
  const auto end = last_end(trial);
  if (!start || !end) return std::nullopt;
  return to_seconds(*end - *start);
}

std::optional<std::int64_t> last_step(const TrialRecord& trial, const Objective& objective) {
  const Series* series = trial.find_series(objective.metric);
  if (series == nullptr || series->points.empty()) return std::nullopt;
  return series->points.back().step;
}

bool stopped_early(const TrialRecord& trial) {
  if (trial.status != TrialStatus::kStopped || trial.stop_reason.empty() || trial.imported) return false;
  return std::find(kOtherReasons.begin(), kOtherReasons.end(), trial.stop_reason) == kOtherReasons.end();
}

std::optional<double> seconds_per_step(const TrialRecord& trial, const Objective& objective) {
  const Series* series = trial.find_series(objective.metric);
  if (series == nullptr || series->points.empty()) return std::nullopt;
  const Point& last = series->points.back();
  const auto first = std::find_if(series->points.begin(), series->points.end(),
                                  [&](const Point& point) { return point.attempt == last.attempt; });
  std::optional<double> rate;
  const AttemptRecord* attempt = find_attempt(trial, last.attempt);
  if (attempt != nullptr && attempt->started) {
    // A later attempt may have gone on from a checkpoint nobody told us of: then its first report is its first step.
    const std::int64_t from = attempt->resumed_from_step.value_or(last.attempt == 1 ? 0 : first->step - 1);
    if (last.step > from) rate = to_seconds(last.time - *attempt->started) / static_cast<double>(last.step - from);
  }
  if (first->step < last.step) {
    const double between = to_seconds(last.time - first->time) / static_cast<double>(last.step - first->step);
    rate = rate ? std::min(*rate, between) : between;
  }
  if (rate) rate = std::max(0.0, *rate);
  return rate;
}

std::optional<double> saved_seconds(const TrialRecord& trial, const Objective& objective, std::optional<std::int64_t> max_step) {
  const auto rate = seconds_per_step(trial, objective);
  const auto last = last_step(trial, objective);
  if (!rate || !last || !max_step) return std::nullopt;
  return static_cast<double>(std::max<std::int64_t>(0, *max_step - *last)) * *rate;
}

namespace {

/// Of one trial: its remaining steps and the seconds of the steps it did.
struct Pace {
  double remaining = 0.0;  // steps
  double per_step = 0.0;   // seconds
  double steps = 0.0;      // of its newest attempt, whose seconds are known one by one
  double variance = 0.0;   // of their seconds; 0 with fewer than two
};

Pace pace_of(const TrialRecord& trial, const Objective& objective, double saved, double per_step) {
  Pace pace{.remaining = per_step > 0.0 ? saved / per_step : 0.0, .per_step = per_step};
  const auto& points = trial.find_series(objective.metric)->points;
  std::vector<double> seconds;
  for (std::size_t i = 1; i < points.size(); ++i) {
    if (points[i - 1].attempt != points.back().attempt || points[i].attempt != points.back().attempt) continue;
    seconds.push_back(to_seconds(points[i].time - points[i - 1].time) / static_cast<double>(points[i].step - points[i - 1].step));
  }
  pace.steps = static_cast<double>(seconds.size());
  if (seconds.size() < 2) return pace;
  double mean = 0.0;
  for (const double one : seconds) mean += one / pace.steps;
  for (const double one : seconds) pace.variance += (one - mean) * (one - mean) / (pace.steps - 1.0);
  return pace;
}

/// What chance leaves open: each remaining step has the spread of the trial's own steps, and so has their mean, divided by their
/// number. A trial with fewer than two takes the others' spread, as a share of its own pace.
std::optional<SavedInterval> saved_interval(double saved, const std::vector<Pace>& paces) {
  double relative = 0.0;
  double known = 0.0;
  for (const Pace& pace : paces) {
    if (pace.steps < 2.0 || pace.per_step <= 0.0) continue;
    relative += pace.variance / (pace.per_step * pace.per_step);
    ++known;
  }
  if (known == 0.0) return std::nullopt;
  double variance = 0.0;
  for (const Pace& pace : paces) {
    const double one = pace.steps >= 2.0 ? pace.variance : relative / known * pace.per_step * pace.per_step;
    variance += one * (pace.remaining + pace.remaining * pace.remaining / std::max(1.0, pace.steps));
  }
  const double half = kSavedDeviations * std::sqrt(variance);
  return SavedInterval{std::max(0.0, saved - half), saved + half};
}

}  // namespace

namespace {

/// Of a trial's newest attempt that has values of the objective.
struct FirstValue {
  double per_step = 0.0;          ///< seconds from the attempt's start to its first value, over its steps: start-up included
  std::optional<double> between;  ///< seconds per step between its first and last value; none of a single one
};
std::optional<FirstValue> first_value(const TrialRecord& trial, const Objective& objective) {
  const Series* series = trial.find_series(objective.metric);
  if (series == nullptr || series->points.empty()) return std::nullopt;
  const Point& last = series->points.back();
  const auto first = std::ranges::find(series->points, last.attempt, &Point::attempt);
  const AttemptRecord* attempt = find_attempt(trial, last.attempt);
  if (attempt == nullptr || !attempt->started) return std::nullopt;
  const std::int64_t from = attempt->resumed_from_step.value_or(last.attempt == 1 ? 0 : first->step - 1);
  if (first->step <= from) return std::nullopt;
  FirstValue out{to_seconds(first->time - *attempt->started) / static_cast<double>(first->step - from), std::nullopt};
  if (first->step < last.step) out.between = to_seconds(last.time - first->time) / static_cast<double>(last.step - first->step);
  return out;
}

/// What the pace after the first value is of that up to it, in the median of the trials that know both; at most 1. A trial
/// with a single value does not know how much of its time was start-up: this takes it out.
double share_without_start(const StudyRecord& study) {
  std::vector<double> shares;
  for (const TrialRecord& trial : study.trials) {
    const auto value = first_value(trial, study.objective);
    if (value && value->between && value->per_step > 0.0)
      shares.push_back(std::clamp(*value->between / value->per_step, 0.0, 1.0));
  }
  if (shares.empty()) return 1.0;
  std::ranges::sort(shares);
  return 0.5 * (shares[(shares.size() - 1) / 2] + shares[shares.size() / 2]);
}

}  // namespace

Ledger make_ledger(const StudyRecord& study, Until until) {
  Ledger ledger;
  ledger.max_step = StudyView(study).max_step();
  ledger.wall = to_seconds(study.active);
  ledger.saved = 0.0;
  std::vector<Pace> paces;
  const double without_start = share_without_start(study);
  for (const TrialRecord& trial : study.trials) {
    const double seconds = training_seconds(trial, until);
    ledger.training += seconds;
    ledger.gpu += gpu_seconds(trial, until);
    if (trial.status == TrialStatus::kFailed || trial.stop_reason == "diverged") ledger.failed += seconds;
    if (!stopped_early(trial)) continue;
    ++ledger.stopped_early;
    const auto unadjusted = saved_seconds(trial, study.objective, ledger.max_step);
    if (!unadjusted) {
      ledger.saved.reset();
    } else if (ledger.saved) {
      const auto value = first_value(trial, study.objective);
      const double share = value && !value->between ? without_start : 1.0;
      const double saved = *unadjusted * share;
      *ledger.saved += saved;
      ledger.saved_gpu += saved * gpus_of(trial.attempts.back());
      paces.push_back(pace_of(trial, study.objective, saved, share * *seconds_per_step(trial, study.objective)));
    }
  }
  if (ledger.saved && ledger.stopped_early > 0) ledger.saved_interval = saved_interval(*ledger.saved, paces);
  ledger.billable = ledger.training;
  return ledger;
}

StatusCounts count_statuses(const StudyRecord& study) {
  StatusCounts counts;
  for (const TrialRecord& trial : study.trials) {
    switch (trial.status) {
      case TrialStatus::kCompleted:
        ++counts.completed;
        break;
      case TrialStatus::kStopped:
        ++counts.stopped;
        break;
      case TrialStatus::kFailed:
        ++counts.failed;
        break;
      case TrialStatus::kInProgress:
      case TrialStatus::kStopping:
        ++counts.in_progress;
        counts.paused += trial.secondary == SecondaryStatus::kPaused ? 1 : 0;
        break;
    }
  }
  return counts;
}

std::map<std::string, std::int64_t> count_stop_reasons(const StudyRecord& study) {
  std::map<std::string, std::int64_t> counts;
  for (const TrialRecord& trial : study.trials) {
    if (trial.status == TrialStatus::kStopped && !trial.stop_reason.empty()) ++counts[trial.stop_reason];
  }
  return counts;
}

std::vector<const TrialRecord*> ranking(const StudyRecord& study) {
  std::vector<const TrialRecord*> ranked;
  for (const TrialRecord& trial : study.trials) {
    if (trial.value && trial.status != TrialStatus::kFailed && std::isfinite(*trial.value)) ranked.push_back(&trial);
  }
  std::stable_sort(ranked.begin(), ranked.end(),
                   [&](const TrialRecord* a, const TrialRecord* b) { return study.objective.better(*a->value, *b->value); });
  return ranked;
}

std::optional<OverallBest> overall_best(const StudyRecord& study) {
  if (study.earlier_studies.empty() || study.earlier_studies.front().type != WarmStartType::kIdentical) return std::nullopt;
  std::optional<OverallBest> best;
  if (const auto ranked = ranking(study); !ranked.empty())
    best = OverallBest{nullptr, ranked.front()->id, *ranked.front()->value};
  for (const EarlierStudy& earlier : study.earlier_studies) {
    if (!earlier.best_value || (best && !study.objective.better(*earlier.best_value, best->value))) continue;
    best = OverallBest{&earlier, *earlier.best_trial, *earlier.best_value};
  }
  return best;
}

std::optional<std::int64_t> value_step(const TrialRecord& trial, const Objective& objective) {
  const Series* series = trial.find_series(objective.metric);
  if (series == nullptr || series->points.empty()) return std::nullopt;
  if (objective.value != ValueMode::kBest) return series->points.back().step;
  const Point* best = nullptr;
  for (const Point& point : series->points) {
    if (std::isfinite(point.value) && (best == nullptr || objective.better(point.value, best->value))) best = &point;
  }
  return best != nullptr ? std::optional(best->step) : std::nullopt;
}

}  // namespace tune::engine
