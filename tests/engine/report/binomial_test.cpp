#include "engine/report/binomial.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

namespace tune::engine {
namespace {

/// The chances of 0, 1, ..., n successes, one draw after the other: slow, exact but for rounding, and without a logarithm.
std::vector<long double> chances(int n, long double p) {
  std::vector<long double> all{1.0L};
  for (int draw = 0; draw < n; ++draw) {
    all.push_back(0.0L);
    for (std::size_t k = all.size() - 1; k > 0; --k) all[k] = all[k] * (1 - p) + all[k - 1] * p;
    all[0] *= 1 - p;
  }
  return all;
}

long double oracle_tail(int k, int n, long double p) {
  long double sum = 0.0L;
  const auto all = chances(n, p);
  for (int i = k; i <= n; ++i) sum += all[static_cast<std::size_t>(i)];
  return sum;
}

TEST_CASE("the binomial tail is the sum of its terms") {
  for (const int n : {1, 2, 7, 40, 300}) {
    for (int k = 0; k <= n; k += 1 + n / 13) {
      for (const double p : {0.0, 1e-9, 0.01, 0.3, 0.5, 0.97, 1.0}) {
        CAPTURE(n);
        CAPTURE(k);
        CAPTURE(p);
        const auto exact = static_cast<double>(oracle_tail(k, n, p));
        CHECK(binomial_tail(k, n, p) == doctest::Approx(exact).epsilon(1e-10));
      }
    }
  }
}

TEST_CASE("each end of the interval leaves half of the error beyond it") {
  for (const int n : {1, 5, 20, 137}) {
    for (int k = 0; k <= n; k += 1 + n / 17) {
      for (const double level : {0.5, 0.95, 0.99}) {
        CAPTURE(n);
        CAPTURE(k);
        const double outside = 0.5 * (1.0 - level);
        const ShareInterval interval = clopper_pearson(k, n, level);
        if (k == 0)
          CHECK(interval.low == 0.0);
        else
          CHECK(static_cast<double>(oracle_tail(k, n, interval.low)) == doctest::Approx(outside).epsilon(1e-8));
        if (k == n)
          CHECK(interval.high == 1.0);
        else
          CHECK(static_cast<double>(oracle_tail(k + 1, n, interval.high)) == doctest::Approx(1.0 - outside).epsilon(1e-8));
        CHECK(interval.low < interval.high);
      }
    }
  }
}

TEST_CASE("known intervals") {
  // None of n: the upper end is 1 - 0.025^(1/n).
  CHECK(clopper_pearson(0, 20).high == doctest::Approx(1.0 - std::pow(0.025, 1.0 / 20.0)).epsilon(1e-12));
  CHECK(clopper_pearson(20, 20).low == doctest::Approx(std::pow(0.025, 1.0 / 20.0)).epsilon(1e-12));
  CHECK(clopper_pearson(0, 0).low == 0.0);
  CHECK(clopper_pearson(0, 0).high == 1.0);
  CHECK(clopper_pearson(3, 100000).high == doctest::Approx(8.767e-5).epsilon(1e-3));  // Poisson: 8.7673
}

TEST_CASE("whatever the truth, the interval holds it with at least its level") {
  for (const int n : {20, 60}) {
    std::vector<ShareInterval> intervals;
    for (int k = 0; k <= n; ++k) intervals.push_back(clopper_pearson(k, n));
    for (int i = 1; i < 200; ++i) {
      const double truth = i / 200.0;
      const auto all = chances(n, truth);
      long double covered = 0.0L;
      for (std::size_t k = 0; k < all.size(); ++k) {
        if (intervals[k].low <= truth && truth <= intervals[k].high) covered += all[k];
      }
      CHECK(static_cast<double>(covered) >= 0.95 - 1e-9);
    }
  }
}

}  // namespace
}  // namespace tune::engine
