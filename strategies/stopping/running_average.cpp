#include "strategies/stopping/running_average.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "tune/status.hpp"

namespace tune::strategies {
std::optional<double> average_until(std::span<const Point> points, std::int64_t step) {
  if (points.empty() || points.back().step < step || points.front().step > step) return std::nullopt;
  double sum = 0.0;
  int count = 0;
  for (const Point& point : points) {
    if (point.step > step) break;
    sum += point.value;
    ++count;
  }
  return sum / count;
}

std::vector<Reference> references_at(const StudyView& study, References which, std::int64_t step, TrialId judged) {
  std::vector<Reference> found;
  const auto consider = [&](const TrialView& trial) {
    if (trial.id() == judged) return;
    if (which == References::kCompleted && trial.status() != TrialStatus::kCompleted) return;
    if (const auto average = average_until(trial.objective(), step)) found.push_back({trial.id(), *average});
  };
  for (const TrialView trial : study.finished()) consider(trial);
  if (which == References::kReached) {
    for (const TrialView trial : study.running()) consider(trial);
  }
  std::ranges::sort(found, {}, &Reference::id);
  return found;
}

double worst_of(const Objective& objective) {
  const double infinity = std::numeric_limits<double>::infinity();
  return objective.goal == Goal::kMaximize ? -infinity : infinity;
}

double percentile_of(std::span<const Reference> references, double percentile, const Objective& objective) {
  TUNE_CHECK(!references.empty() && percentile >= 0.0 && percentile <= 100.0);
  std::vector<double> averages;
  averages.reserve(references.size());
  for (const Reference& one : references) averages.push_back(std::isnan(one.average) ? worst_of(objective) : one.average);
  std::ranges::sort(averages, [&](double a, double b) { return objective.better(b, a); });

  const double position = percentile * static_cast<double>(averages.size() - 1) / 100.0;
  const auto below = static_cast<std::size_t>(position);
  const double fraction = position - std::floor(position);
  const double worse = averages[below];
  // The neighbour is not looked at when it has no weight: 0 * infinity is no number. Equal neighbours give exactly that number.
  if (fraction == 0.0 || averages[below + 1] == worse) return worse;
  const double better = averages[below + 1];
  if (std::isinf(worse)) return worse;
  return worse + fraction * (better - worse);
}

}  // namespace tune::strategies
