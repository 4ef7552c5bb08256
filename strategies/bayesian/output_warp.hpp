#pragma once

#include <vector>

namespace tune::strategies {

/// The values a Gaussian process is trained on, larger is better, from raw ones of any size. Every result is finite.
struct WarpedOutputs {
  std::vector<double> values;     ///< mean 0, standard deviation 1 (all 0 when the raw ones are equal)
  std::vector<double> variances;  ///< `variances` given, carried through the warp
  double infeasible = -1.0;       ///< what a trial that diverged or ran out of memory is worth
};

/// Replaces each value below the median by median + s Phi^-1((rank - 0.5) / (2 D)): arbitrarily bad trials become a Gaussian
/// lower tail as wide as the good half. rank: dense, 1 = worst; D: distinct values below the median, plus 0.5 if the median is
/// itself a value; s: root mean square distance from the median of the distinct values above it, or of all if that is 0.
/// (Song et al., "The Vizier Gaussian process bandit algorithm", 2024, output warping.)
void half_rank(std::vector<double>& values);

/// 0.5 - ln(1 + 0.5 (max - y) / (max - min)) / ln 1.5: spreads out the best values (same source). All 0 when they are equal.
void log_warp(std::vector<double>& values);

/// Values at most kMaxTail median absolute deviations (scaled to a normal's sd) below the median, others moved there.
void winsorize(std::vector<double>& values);

/// half_rank and log_warp, standardised; the infeasible value is min - (0.5 (max - min) + 1) of that (same source). With `fade`
/// from 0 to 1 they give way to values that are only winsorised and standardised: under strong noise the best values are mostly
/// luck, and spreading them out teaches the model luck. A variance becomes the square of half the warped distance between
/// value - sd and value + sd, interpolated between the warped values. REQUIRES: finite values, as many variances >= 0.
WarpedOutputs warp_outputs(const std::vector<double>& raw, const std::vector<double>& variances, double fade = 0.0);

/// The way back from warped values to raw ones: linear between those seen, and beyond them along the line through the last one
/// and the nearest that is kChord away in warped units (neighbours may be equal but for rounding). Immutable.
class Unwarp {
 public:
  static constexpr double kChord = 0.1;

  /// What a monotone warp made of each raw value. REQUIRES: as many of both, at least one, all finite.
  Unwarp(const std::vector<double>& raw, const std::vector<double>& warped);
  /// Always finite; never decreasing.
  [[nodiscard]] double operator()(double warped) const;

 private:
  std::vector<double> raw_;
  std::vector<double> warped_;  ///< strictly increasing
  std::size_t low_chord_ = 0;   ///< the other ends of the lines below the first and above the last value
  std::size_t high_chord_ = 0;
};

}  // namespace tune::strategies
