#include "engine/report/binomial.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "tune/status.hpp"

namespace tune::engine {

namespace {

constexpr int kHalvings = 60;  // of [0, 1]: beyond what a double near 1 can tell apart

/// log(n choose i) for i = 0 ... n.
std::vector<double> log_choices(std::int64_t n) {
  std::vector<double> logs{0.0};
  for (std::int64_t i = 1; i <= n; ++i)
    logs.push_back(logs.back() + std::log(static_cast<double>(n - i + 1)) - std::log(static_cast<double>(i)));
  return logs;
}

double tail(std::int64_t k, const std::vector<double>& choices, double p) {
  if (k == 0 || p >= 1.0) return 1.0;
  if (p <= 0.0) return 0.0;
  const auto n = static_cast<std::int64_t>(choices.size()) - 1;
  const double hit = std::log(p);
  const double miss = std::log1p(-p);
  double sum = 0.0;
  for (std::int64_t i = k; i <= n; ++i)
    sum += std::exp(choices[static_cast<std::size_t>(i)] + static_cast<double>(i) * hit + static_cast<double>(n - i) * miss);
  return std::min(sum, 1.0);
}

/// The p in [0, 1] at which the chance of k or more, which grows with p, reaches `chance`.
double where_tail_is(double chance, std::int64_t k, const std::vector<double>& choices) {
  double low = 0.0;
  double high = 1.0;
  for (int i = 0; i < kHalvings; ++i) {
    const double middle = 0.5 * (low + high);
    (tail(k, choices, middle) < chance ? low : high) = middle;
  }
  return 0.5 * (low + high);
}

}  // namespace

double binomial_tail(std::int64_t k, std::int64_t n, double p) {
  TUNE_CHECK(k >= 0 && k <= n && p >= 0.0 && p <= 1.0);
  return tail(k, log_choices(n), p);
}

ShareInterval clopper_pearson(std::int64_t k, std::int64_t n, double level) {
  TUNE_CHECK(k >= 0 && k <= n && level > 0.0 && level < 1.0);
  const std::vector<double> choices = log_choices(n);
  const double outside = 0.5 * (1.0 - level);
  ShareInterval interval;
  if (k > 0) interval.low = where_tail_is(outside, k, choices);
  if (k < n) interval.high = where_tail_is(1.0 - outside, k + 1, choices);
  return interval;
}

}  // namespace tune::engine
