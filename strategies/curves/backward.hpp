#pragma once

#include <optional>

#include "strategies/curves/look.hpp"

namespace tune::strategies {

/// Looks backward: would a curve that ends among the best look like this now?
///
/// A linear regression of level on result over the completed trials, the better ones weighing more: weight 1 / (1 + (r / 6)^2)^2,
/// r the number of strictly better results; a ridge of 0.1 on the slope, results in units of (best - median). It gives the level
/// at this step of a trial that ends like the third best of them, as a Student distribution; returned is the probability that
/// such a trial's level is no higher than the judged one's. That controls the share of good trials that are stopped, however few
/// there are. None with fewer than 3 rows, or when all results or all levels are alike.
std::optional<double> chance_of_looking_like_this(const Look& look);

}  // namespace tune::strategies
