#include "engine/core/outcome.hpp"

#include <array>
#include <cmath>
#include <cstring>
#include <string_view>

namespace tune::engine {

namespace {

/// What PyTorch, TensorFlow, JAX, CUDA, Python and C++ print when memory runs out.
constexpr std::array<std::string_view, 8> kOutOfMemoryTexts{
    "CUDA out of memory", "OutOfMemoryError", "out of memory",          "RESOURCE_EXHAUSTED",
    "MemoryError",        "std::bad_alloc",   "Cannot allocate memory", "CUBLAS_STATUS_ALLOC_FAILED"};

bool says_out_of_memory(const std::vector<std::string>& lines) {
  for (const std::string& line : lines) {
    for (const std::string_view text : kOutOfMemoryTexts) {
      if (line.find(text) != std::string::npos) return true;
    }
  }
  return false;
}

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
    if (trial.stop_reason != "diverged") ended.value = result_value(trial, objective);
    return ended;
  }
  if (!exit.launch_error.empty()) {
    fail(ended, FailureClass::kLaunchError, exit.launch_error, report);
  } else if (exit.signal) {
    const char* name = strsignal(*exit.signal);
    fail(ended, says_out_of_memory(report.last_lines) ? FailureClass::kOom : FailureClass::kSignal,
         "ended by signal " + std::to_string(*exit.signal) + " (" + (name != nullptr ? name : "unknown") + ")", report);
  } else if (exit.code.value_or(0) != 0) {
    fail(ended, says_out_of_memory(report.last_lines) ? FailureClass::kOom : FailureClass::kUserError,
         exit.error.empty() ? "exit code " + std::to_string(*exit.code) : exit.error, report);
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
