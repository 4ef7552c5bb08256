#pragma once

#include <Eigen/Core>
#include <vector>

#include "strategies/bayesian/fit.hpp"

namespace tune::strategies {

/// A prediction at many points: mean and standard deviation of the function, without noise. Always finite; sd > 0.
struct Moments {
  Eigen::ArrayXd mean;
  Eigen::ArrayXd sd;
};

/// A prediction at one point with its derivatives by the point's columns (0 for those that are not continuous).
struct MomentsWithGradient {
  double mean = 0.0;
  double sd = 0.0;
  Eigen::RowVectorXd mean_gradient;
  Eigen::RowVectorXd sd_gradient;
};

/// The Gaussian process given observations, and given where pending trials are: those narrow the standard deviation and leave the
/// mean alone (their labels do not matter for it; Desautels, Krause & Burdick, JMLR 15, 2014). Const use is safe from several
/// threads.
class Posterior {
 public:
  Posterior(std::vector<ColumnKind> kinds, const Observations& observations, Hyperparameters hyper);

  /// Adds the point of a pending trial: O(n^2).
  void condition_on(const Eigen::RowVectorXd& point);

  [[nodiscard]] Moments predict(const Eigen::MatrixXd& points) const;
  [[nodiscard]] MomentsWithGradient predict_with_gradient(const Eigen::RowVectorXd& point) const;
  [[nodiscard]] const Hyperparameters& hyper() const { return hyper_; }

 private:
  [[nodiscard]] double to_sd(double variance) const;

  std::vector<ColumnKind> kinds_;
  Hyperparameters hyper_;
  Eigen::MatrixXd points_;  ///< warped; observed ones first, then pending ones
  Eigen::MatrixXd root_;    ///< lower Cholesky factor of their covariance
  Eigen::VectorXd alpha_;   ///< K^-1 (y - mean) of the observed ones
  double mean_ = 0.0;
};

}  // namespace tune::strategies
