#pragma once

#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

#include "strategies/curves/look.hpp"
#include "strategies/median_of.hpp"

namespace tune::strategies {

inline constexpr double kFloorDepth = 5.0;  ///< distances from the median to the best

/// What lies below this counts as this, so that a few hopeless trials do not decide what is a large difference: median - 5 (best
/// - median) of `scores`. None when the best is the median, or that is no finite number.
inline std::optional<double> floor_of(const std::vector<double>& scores) {
  const double median = median_of(scores);
  const double best = *std::ranges::max_element(scores);
  const double floor = median - kFloorDepth * (best - median);
  return best > median && std::isfinite(floor) ? std::optional(floor) : std::nullopt;
}

inline std::optional<double> result_floor(const std::vector<Glimpse>& rows) {
  std::vector<double> results;
  results.reserve(rows.size());
  for (const Glimpse& row : rows) results.push_back(row.result);
  return floor_of(results);
}

inline std::optional<double> level_floor(const std::vector<Glimpse>& rows) {
  std::vector<double> levels;
  levels.reserve(rows.size());
  for (const Glimpse& row : rows) levels.push_back(row.level);
  return floor_of(levels);
}

}  // namespace tune::strategies
