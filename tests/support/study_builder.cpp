#include "tests/support/study_builder.hpp"

#include <algorithm>
#include <cmath>

namespace tune::test {

Configuration configuration_of(const Space& space, const std::vector<std::pair<std::string, Value>>& values) {
  Configuration configuration(space.size());
  for (const auto& [name, value] : values) {
    const auto index = space.index_of(name);
    TUNE_CHECK(index.has_value());
    configuration[*index] = value;
  }
  return configuration;
}

namespace {

std::optional<double> result_of(const std::vector<Point>& points, const Objective& objective) {
  if (points.empty()) return std::nullopt;
  double value = points.back().value;
  if (objective.value == ValueMode::kBest) {
    for (const Point& point : points) {
      if (objective.better(point.value, value)) value = point.value;
    }
  } else if (objective.value == ValueMode::kMeanLastK) {
    const std::size_t count = std::min(points.size(), static_cast<std::size_t>(objective.last_k));
    value = 0.0;
    for (std::size_t i = points.size() - count; i < points.size(); ++i) value += points[i].value;
    value /= static_cast<double>(count);
  }
  return std::isfinite(value) ? std::optional(value) : std::nullopt;
}

}  // namespace

StudyBuilder::StudyBuilder(Space space, Objective objective, std::uint64_t seed) {
  TUNE_CHECK(space.status().ok());
  record_.name = "by-hand";
  record_.space = std::move(space);
  record_.objective = std::move(objective);
  record_.stopping = "off";
  record_.seed = seed;
}

std::int64_t StudyBuilder::next_order() { return ++record_.seq; }

TrialId StudyBuilder::add(const TrialSketch& sketch) {
  const TrialId id = propose(sketch.configuration);
  for (std::size_t i = 0; i < sketch.curve.size(); ++i) observe(id, static_cast<std::int64_t>(i) + 1, sketch.curve[i]);
  if (sketch.status != TrialStatus::kInProgress && sketch.status != TrialStatus::kStopping) {
    finish(id, sketch.status, sketch.stop_reason, sketch.failure);
  } else {
    at(id).status = sketch.status;
  }
  return id;
}

TrialId StudyBuilder::propose(Configuration configuration) {
  TrialRecord trial;
  trial.id = static_cast<TrialId>(record_.trials.size()) + 1;
  trial.name = record_.name + "-" + std::to_string(trial.id);
  trial.configuration = std::move(configuration);
  trial.as_of = record_.seq;
  trial.proposed_order = next_order();
  trial.proposed_time = now();
  record_.running.push_back(trial.id);
  record_.trials.push_back(std::move(trial));
  return static_cast<TrialId>(record_.trials.size());
}

StudyBuilder& StudyBuilder::observe(TrialId trial, std::int64_t step, double value) {
  TrialRecord& record = at(trial);
  record.secondary = SecondaryStatus::kTraining;
  if (record.series.empty()) record.series.push_back({record_.objective.metric, {}});
  record.series.front().insert({step, value, now(), next_order(), 1});
  record.judged_step = step;
  return *this;
}

StudyBuilder& StudyBuilder::finish(TrialId trial, TrialStatus status, std::string stop_reason,
                                   std::optional<FailureClass> failure) {
  TrialRecord& record = at(trial);
  record.status = status;
  record.secondary = SecondaryStatus::kNone;
  record.stop_reason = std::move(stop_reason);
  if (status == TrialStatus::kFailed) record.failure = failure.value_or(FailureClass::kUserError);
  const bool has_result = status != TrialStatus::kFailed && record.stop_reason != "diverged" && !record.series.empty();
  if (has_result) record.value = result_of(record.series.front().points, record_.objective);
  record.ended_order = next_order();
  record.ended_time = now();
  std::erase(record_.running, trial);
  record_.finished_order.push_back(trial);
  return *this;
}

}  // namespace tune::test
