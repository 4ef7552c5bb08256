#pragma once

namespace tune::strategies {

/// What a proposal maximises.
enum class AcquisitionKind { kLogExpectedImprovement, kUpperConfidenceBound };

/// A value and its derivatives by the predicted mean and standard deviation.
struct AcquisitionValue {
  double value = 0.0;
  double by_mean = 0.0;
  double by_sd = 0.0;
};

/// ln(phi(z) + z Phi(z)) to about 12 digits for every finite z: directly above z = -25, below it by the asymptotic series of
/// Mills' ratio, so that it falls like -z^2 / 2 instead of becoming -infinity.
double log_h(double z);

/// log expected improvement over `best` = log_h((mean - best) / sd) + ln sd (Ament et al., "Unexpected improvements to expected
/// improvement for Bayesian optimization", NeurIPS 2023), or mean + beta sd. Larger is better.
class Acquisition {
 public:
  Acquisition(AcquisitionKind kind, double best, double beta) : kind_(kind), best_(best), beta_(beta) {}
  /// REQUIRES: sd > 0. Finite for finite arguments.
  [[nodiscard]] AcquisitionValue operator()(double mean, double sd) const;

 private:
  AcquisitionKind kind_;
  double best_;
  double beta_;
};

}  // namespace tune::strategies
