#include "strategies/curves/look.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <tuple>

#include "strategies/curves/points_until.hpp"

namespace tune::strategies {
namespace {

constexpr double kNothing = -std::numeric_limits<double>::infinity();
constexpr std::int64_t kWindowParts = 10;  ///< a level is the mean over a tenth of the steps so far

double level_at(std::span<const Point> all, std::int64_t step, const Objective& objective) {
  const std::span<const Point> points = points_until(all, step);
  if (points.empty()) return kNothing;
  const double sign = objective.goal == Goal::kMaximize ? 1.0 : -1.0;
  if (objective.value == ValueMode::kBest) {
    double best = kNothing;
    for (const Point& point : points) {
      if (!std::isnan(point.value)) best = std::max(best, sign * point.value);
    }
    return best;
  }
  const std::int64_t first = step - std::max<std::int64_t>(1, step / kWindowParts);
  double sum = sign * points.back().value;
  int count = 1;
  for (std::size_t i = points.size() - 1; i > 0 && points[i - 1].step > first; --i, ++count) sum += sign * points[i - 1].value;
  const double mean = sum / count;
  return std::isfinite(mean) ? mean : kNothing;
}

Glimpse glimpse(std::span<const Point> points, std::int64_t step, const Objective& objective) {
  Glimpse seen;
  seen.level = level_at(points, step, objective);
  const double before = level_at(points, std::max<std::int64_t>(1, step / 2), objective);
  seen.gain = std::isfinite(seen.level) && std::isfinite(before) ? seen.level - before : 0.0;
  return seen;
}

}  // namespace

Look look_at(const StudyView& study, const TrialView& trial) {
  const Objective& objective = study.objective();
  Look look;
  look.step = trial.last_step();
  look.judged = glimpse(trial.objective(), look.step, objective);

  std::vector<TrialView> completed;
  for (const TrialView other : study.finished()) {
    if (other.status() != TrialStatus::kCompleted || other.id() == trial.id() || !other.value()) continue;
    if (other.last_step() >= look.step && std::isfinite(*other.value())) completed.push_back(other);
  }
  const std::size_t skipped = completed.size() - std::min(completed.size(), kMostReferences);
  look.rows.reserve(completed.size() - skipped);
  for (std::size_t i = skipped; i < completed.size(); ++i) {
    Glimpse row = glimpse(completed[i].objective(), look.step, objective);
    row.result = objective.goal == Goal::kMaximize ? *completed[i].value() : -*completed[i].value();
    look.rows.push_back(row);
    look.references.push_back(completed[i].id());
  }
  std::ranges::sort(look.rows, [](const Glimpse& a, const Glimpse& b) {
    return std::tie(a.result, a.level, a.gain) > std::tie(b.result, b.level, b.gain);
  });
  std::ranges::sort(look.references);
  return look;
}

}  // namespace tune::strategies
