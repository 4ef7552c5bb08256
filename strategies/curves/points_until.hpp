#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include "tune/records.hpp"

namespace tune::strategies {

/// The points of a curve at steps <= `step`.
inline std::span<const Point> points_until(std::span<const Point> points, std::int64_t step) {
  const auto index = static_cast<std::size_t>(step);
  // A curve without gaps has step k at place k - 1.
  if (step >= 1 && index <= points.size() && points[index - 1].step == step) return points.first(index);
  const auto end = std::ranges::upper_bound(points, step, {}, &Point::step);
  return points.first(static_cast<std::size_t>(end - points.begin()));
}

}  // namespace tune::strategies
