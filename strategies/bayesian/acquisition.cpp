#include "strategies/bayesian/acquisition.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "strategies/normal.hpp"

namespace tune::strategies {
namespace {

constexpr double kTail = -25.0;      ///< where the series is exact to rounding
constexpr double kFarthest = 1e150;  ///< |z| beyond which z^2 overflows
constexpr double kPenalty = 10.0;    ///< of pure exploration, for each unit short of the level
constexpr double kHopeful = 0.5;     ///< deviations by which a point's mean may be short of it
const double kLogRoot2Pi = 0.5 * std::log(2.0 * std::numbers::pi);

/// h(z) / phi(z) for z <= kTail: 1/z^2 - 3/z^4 + 15/z^6 - ... (h = phi - |z| Phi with Mills' ratio as asymptotic series).
double tail_ratio(double z) {
  const double inverse = 1.0 / (z * z);
  double term = inverse;
  double sum = term;
  for (int k = 1; k <= 12; ++k) {
    term *= -(2.0 * k + 1.0) * inverse;
    sum += term;
  }
  return sum;
}

struct LogH {
  double value;
  double cdf_over_h;      ///< Phi / h
  double density_over_h;  ///< phi / h
};

LogH log_h_parts(double z) {
  z = std::clamp(z, -kFarthest, kFarthest);
  if (z > kTail) {
    const double density = normal_density(z);
    const double cdf = normal_cdf(z);
    const double h = density + z * cdf;
    return {std::log(h), cdf / h, density / h};
  }
  const double ratio = tail_ratio(z);
  return {-0.5 * z * z - kLogRoot2Pi + std::log(ratio), (1.0 - ratio) / (-z * ratio), 1.0 / ratio};
}

}  // namespace

double log_h(double z) { return log_h_parts(z).value; }

AcquisitionValue Acquisition::operator()(double mean, double sd) const {
  if (kind_ == AcquisitionKind::kUpperConfidenceBound) return {mean + beta_ * sd, 1.0, beta_};
  if (kind_ == AcquisitionKind::kPureExploration) {
    const double short_of = mean + kHopeful * sd - level_;
    if (short_of >= 0.0) return {sd, 0.0, 1.0};
    return {sd + kPenalty * short_of, kPenalty, 1.0 + kPenalty * kHopeful};
  }
  const LogH h = log_h_parts((mean - level_) / sd);
  return {h.value + std::log(sd), h.cdf_over_h / sd, h.density_over_h / sd};
}

}  // namespace tune::strategies
