#pragma once

#include <cstdint>

/// What a count of successes says about a share.
namespace tune::engine {

inline constexpr double kBinomialLevel = 0.95;  ///< of the intervals in reports

/// P(X >= k) for X binomial with `n` draws of probability `p`: the exact sum. REQUIRES: 0 <= k <= n, 0 <= p <= 1.
double binomial_tail(std::int64_t k, std::int64_t n, double p);

struct ShareInterval {
  double low = 0.0;
  double high = 1.0;
};
/// The exact interval of a probability after `k` successes in `n` draws: it holds the true one with at least `level` (Clopper and
/// Pearson, Biometrika 1934). With n = 0 it is [0, 1]. REQUIRES: 0 <= k <= n, 0 < level < 1.
ShareInterval clopper_pearson(std::int64_t k, std::int64_t n, double level = kBinomialLevel);

}  // namespace tune::engine
