#pragma once

#include <optional>
#include <span>

/// What several pairs of runs say about a difference.
namespace tune::engine {

inline constexpr double kPairedLevel = 0.95;  ///< of the intervals

/// The t at which Student's distribution with `degrees` degrees of freedom has the chance `tail` beyond it. REQUIRES: degrees >=
/// 1, 0 < tail < 0.5.
double student_quantile(double tail, int degrees);

struct PairedDifference {
  int pairs = 0;
  double mean = 0.0;
  /// The interval of Student's t; absent with fewer than two pairs.
  std::optional<double> low = {};
  std::optional<double> high = {};

  /// Whether the interval leaves zero out. Never with fewer than two pairs.
  [[nodiscard]] bool shown() const { return low && (*low > 0.0 || *high < 0.0); }
};

/// Of `differences`, one from each pair; none where there is no pair.
std::optional<PairedDifference> paired_difference(std::span<const double> differences);

}  // namespace tune::engine
