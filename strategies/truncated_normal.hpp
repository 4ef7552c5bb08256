#pragma once

namespace tune::strategies {

/// The normal distribution around `center` truncated to [0, 1], in unit-cube coordinates. Immutable.
class TruncatedNormal {
 public:
  /// REQUIRES: 0 <= center <= 1, deviation > 0.
  TruncatedNormal(double center, double deviation);

  [[nodiscard]] double center() const { return center_; }
  [[nodiscard]] double deviation() const { return deviation_; }
  /// Log density at 0 <= u <= 1; always finite.
  [[nodiscard]] double log_density(double u) const {
    const double z = (u - center_) / deviation_;
    return log_peak_ - 0.5 * z * z;
  }
  /// The probability of [low, high]. REQUIRES: 0 <= low <= high <= 1.
  [[nodiscard]] double probability(double low, double high) const;
  /// Where the distribution function is p. REQUIRES: 0 <= p <= 1.
  [[nodiscard]] double quantile(double p) const;

 private:
  double center_;
  double deviation_;
  double below_;  ///< of the whole normal: the probability of what lies below 0,
  double mass_;   ///< and that of [0, 1]
  double log_peak_;
};

}  // namespace tune::strategies
