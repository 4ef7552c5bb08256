#include "strategies/truncated_normal.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "strategies/normal.hpp"

namespace tune::strategies {
namespace {

/// The probability of [low, high]; on one side of zero without cancellation.
double normal_probability(double low, double high) {
  return low > 0.0 ? normal_cdf(-low) - normal_cdf(-high) : normal_cdf(high) - normal_cdf(low);
}

}  // namespace

TruncatedNormal::TruncatedNormal(double center, double deviation)
    : center_(center),
      deviation_(deviation),
      below_(normal_cdf(-center / deviation)),
      mass_(normal_probability(-center / deviation, (1.0 - center) / deviation)),
      log_peak_(-std::log(deviation * std::sqrt(2.0 * std::numbers::pi) * mass_)) {}

double TruncatedNormal::probability(double low, double high) const {
  return normal_probability((low - center_) / deviation_, (high - center_) / deviation_) / mass_;
}

double TruncatedNormal::quantile(double p) const {
  constexpr double kNearOne = 1.0 - std::numeric_limits<double>::epsilon() / 2.0;
  const double whole = std::clamp(below_ + p * mass_, std::numeric_limits<double>::min(), kNearOne);
  return std::clamp(center_ + deviation_ * normal_quantile(whole), 0.0, 1.0);
}

}  // namespace tune::strategies
