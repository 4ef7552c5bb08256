#include "engine/core/outcome.hpp"

#include <cmath>

#include "engine/core/failure.hpp"

namespace tune::engine {

namespace {

void fail(event::Ended& ended, FailureClass failure, std::string detail, const EndReport& report) {
  ended.status = TrialStatus::kFailed;
  ended.failure = failure;
  ended.detail = std::move(detail);
  ended.last_lines = report.last_lines;
}

}  // namespace

std::optional<double> result_value(const TrialRecord& trial, const Objective& objective) {
  const Series* series = trial.find_series(objective.metric);
  if (series == nullptr || series->points.empty()) return std::nullopt;
  const auto& points = series->points;
  double result = points.back().value;
  if (objective.value == ValueMode::kBest) {
    for (const Point& point : points) {
      if (objective.better(point.value, result) || !std::isfinite(result)) result = point.value;
    }
  } else if (objective.value == ValueMode::kMeanLastK) {
    const std::size_t count = std::min(points.size(), static_cast<std::size_t>(std::max(1, objective.last_k)));
    double sum = 0.0;
    for (std::size_t i = points.size() - count; i < points.size(); ++i) sum += points[i].value;
    result = sum / static_cast<double>(count);
  }
  return std::isfinite(result) ? std::optional(result) : std::nullopt;
}

event::Ended judge_end(const TrialRecord& trial, const Objective& objective, AttemptId id, const EndReport& report) {
  const ExitRecord& exit = report.exit;
  event::Ended ended;
  ended.id = id;
  ended.exit_code = exit.code;
  ended.exit_signal = exit.signal;
  if (exit.started.time_since_epoch().count() != 0) ended.attempt_started = exit.started;
  if (exit.ended.time_since_epoch().count() != 0) ended.attempt_ended = exit.ended;
  ended.unreadable_captures = report.unreadable_captures;
  ended.cut_lines = report.cut_lines;

  if (trial.stop_requested) {
    ended.status = TrialStatus::kStopped;
    ended.stop_reason = trial.stop_reason;
    if (trial.stop_reason == "time_limit") ended.secondary = SecondaryStatus::kMaxRuntimeExceeded;
    if (trial.stop_reason == "max_wait") ended.secondary = SecondaryStatus::kMaxWaitTimeExceeded;
    if (trial.stop_reason != "diverged") ended.value = result_value(trial, objective);
    return ended;
  }
  if (!exit.launch_error.empty()) {
    fail(ended, FailureClass::kLaunchError, exit.launch_error, report);
  } else if (exit.signal || exit.code.value_or(0) != 0) {
    const FailureClass failure = ran_out_of_memory(exit, report.last_lines) ? FailureClass::kOom
                                 : exit.signal                              ? FailureClass::kSignal
                                                                            : FailureClass::kUserError;
    fail(ended, failure, failure_text(exit), report);
  } else if (trial.find_series(objective.metric) == nullptr) {
    std::string detail = "it ended without a value of '" + objective.metric + "'";
    if (report.unreadable_captures > 0) {
      detail += "; " + std::to_string(report.unreadable_captures) + " captures of its metrics were no numbers";
    }
    fail(ended, FailureClass::kNoObjective, detail, report);
  } else {
    ended.status = TrialStatus::kCompleted;
    ended.value = result_value(trial, objective);
  }
  return ended;
}

}  // namespace tune::engine
