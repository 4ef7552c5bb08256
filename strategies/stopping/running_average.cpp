#include "strategies/stopping/running_average.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "strategies/curves/points_until.hpp"
#include "tune/status.hpp"

namespace tune::strategies {
std::optional<double> average_until(std::span<const Point> points, std::int64_t step) {
  if (points.empty() || points.back().step < step || points.front().step > step) return std::nullopt;
  const auto seen = points_until(points, step);
  return seen.back().total / static_cast<double>(seen.size());
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
  // As scores: more is better.
  const double sign = objective.goal == Goal::kMaximize ? 1.0 : -1.0;
  std::vector<double> averages;
  averages.reserve(references.size());
  for (const Reference& one : references) {
    averages.push_back(sign * (std::isnan(one.average) ? worst_of(objective) : one.average));
  }
  const double position = percentile * static_cast<double>(averages.size() - 1) / 100.0;
  const auto below = averages.begin() + static_cast<std::ptrdiff_t>(position);
  std::nth_element(averages.begin(), below, averages.end());
  const double fraction = position - std::floor(position);
  const double worse = sign * *below;
  // The neighbour is not looked at when it has no weight: 0 * infinity is no number. Equal neighbours give exactly that number.
  if (fraction == 0.0) return worse;
  const double better = sign * *std::min_element(below + 1, averages.end());
  if (better == worse) return worse;
  if (std::isinf(worse)) return worse;
  return worse + fraction * (better - worse);
}

}  // namespace tune::strategies
