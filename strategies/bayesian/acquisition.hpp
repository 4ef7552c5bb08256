#pragma once

namespace tune::strategies {

/// What a proposal maximises.
enum class AcquisitionKind {
  kLogExpectedImprovement,
  kUpperConfidenceBound,
  kPureExploration,  ///< where least is known among what could still be best
};

/// A value and its derivatives by the predicted mean and standard deviation.
struct AcquisitionValue {
  double value = 0.0;
  double by_mean = 0.0;
  double by_sd = 0.0;
};

/// ln(phi(z) + z Phi(z)) to about 12 digits for every finite z: directly above z = -25, below it by the asymptotic series of
/// Mills' ratio, so that it falls like -z^2 / 2 instead of becoming -infinity.
double log_h(double z);

/// One of
///  * log expected improvement over `level` = log_h((mean - level) / sd) + ln sd (Ament et al., "Unexpected improvements to
///  expected
///    improvement for Bayesian optimization", NeurIPS 2023);
///  * mean + beta sd;
///  * sd + 10 min(0, mean + 0.5 sd - level), with `level` the mean where mean + 1.8 sd is largest among known points: the
///    exploration step of UCB-PE (Contal et al., ECML 2013; constants of Song et al., "The Vizier Gaussian process bandit
///    algorithm", 2024; sd here counts pending trials in both places).
/// Larger is better.
class Acquisition {
 public:
  Acquisition(AcquisitionKind kind, double level, double beta) : kind_(kind), level_(level), beta_(beta) {}
  /// REQUIRES: sd > 0. Finite for finite arguments.
  [[nodiscard]] AcquisitionValue operator()(double mean, double sd) const;

 private:
  AcquisitionKind kind_;
  double level_;
  double beta_;
};

}  // namespace tune::strategies
