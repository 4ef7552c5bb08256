#pragma once

#include <optional>

#include "strategies/curves/look.hpp"

namespace tune::strategies {

/// A result as a Student distribution, in scores (more is better).
struct ResultForecast {
  double mean = 0.0;
  double scale = 0.0;    ///< 0: certain
  double degrees = 0.0;  ///< of freedom, at least 2

  /// P(result > `than`).
  [[nodiscard]] double chance_above(double than) const;
};

/// Looks forward: where does a curve that looks like this end?
///
/// A linear regression of (result - level) on level and gain over the completed trials, those that look alike weighing more:
/// weight 1 / (1 + d^2 / h^2), d the distance in standard deviations of level and gain, h = 0.7; a ridge of 0.3 on both slopes.
/// Values far below the middle of the results (5 times the distance from the median to the best) count as that. (The linear form
/// without weights: the predictive rule of Domhan et al.'s kind of stopping, here with a posterior in closed form;
/// docs/early-stopping.md.) None with fewer than 3 rows, or when all results are alike.
std::optional<ResultForecast> forecast(const Look& look);

}  // namespace tune::strategies
