#include "strategies/stopping/variants/reports.hpp"

#include <algorithm>
#include <cmath>

#include "strategies/curves/points_until.hpp"
#include "tune/status.hpp"

namespace tune::strategies {

std::int64_t moment_of(const TrialView& trial) {
  TUNE_CHECK(!trial.objective().empty());
  return trial.objective().back().order;
}

Arrived arrived(const TrialView& trial, std::int64_t moment) {
  const auto late = [&](const Point& point) { return point.order > moment; };
  if (ended_by(trial, moment) || std::ranges::none_of(trial.objective(), late)) return Arrived(trial.objective());
  Series some;
  for (const Point& point : trial.objective()) {
    if (!late(point)) some.insert(point);
  }
  return Arrived(std::move(some.points));
}

const Point* point_at(std::span<const Point> points, std::int64_t step) {
  const auto until = points_until(points, step);
  return until.empty() || until.back().step != step ? nullptr : &until.back();
}

std::vector<TrialView> others(const StudyView& study, const TrialView& judged) {
  const std::int64_t moment = moment_of(judged);
  std::vector<TrialView> found;
  found.reserve(static_cast<std::size_t>(study.next_trial()));
  for (TrialId id = 1; id < study.next_trial(); ++id) {
    if (id == judged.id()) continue;
    const TrialView other = study.trial(id);
    if (other.record().proposed_order <= moment) found.push_back(other);
  }
  return found;
}

bool ended_by(const TrialView& trial, std::int64_t moment) {
  return trial.record().finished() && trial.record().ended_order <= moment;
}
bool completed_by(const TrialView& trial, std::int64_t moment) {
  return trial.status() == TrialStatus::kCompleted && ended_by(trial, moment);
}
bool failed_by(const TrialView& trial, std::int64_t moment) {
  return trial.status() == TrialStatus::kFailed && ended_by(trial, moment);
}

double python_best(std::span<const Point> points, Goal goal) {
  TUNE_CHECK(!points.empty());
  double best = points.front().value;
  for (const Point& point : points) {
    if (compares_better(goal, point.value, best)) best = point.value;
  }
  return best;
}

double average_of_first(std::span<const Point> points, std::size_t count) {
  TUNE_CHECK(count >= 1 && count <= points.size());
  return points[count - 1].total / static_cast<double>(count);
}

double numpy_percentile(std::vector<double> values, double percentile) {
  const double position = static_cast<double>(values.size() - 1) * (percentile / 100.0);
  const auto below = values.begin() + static_cast<std::ptrdiff_t>(std::floor(position));
  std::nth_element(values.begin(), below, values.end());
  const double a = *below;
  const double b = below + 1 == values.end() ? a : *std::min_element(below + 1, values.end());
  const double t = position - std::floor(position);
  return t >= 0.5 ? b - (b - a) * (1.0 - t) : a + (b - a) * t;
}

double numpy_median(std::vector<double> values) {
  TUNE_CHECK(!values.empty());
  std::sort(values.begin(), values.end());
  const std::size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2.0;
}

}  // namespace tune::strategies
