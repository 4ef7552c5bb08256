#pragma once

#include <Eigen/Core>
#include <memory>
#include <vector>

#include "strategies/bayesian/fit.hpp"
#include "strategies/bayesian/kernel.hpp"

namespace tune::strategies {

/// A prediction at many points: mean and standard deviation of the function, without noise. Always finite; sd > 0.
struct Moments {
  Eigen::ArrayXd mean;
  Eigen::ArrayXd sd;
};

/// The same with derivatives by the points' columns: one row a point; 0 for columns that are not continuous.
struct MomentsWithGradient {
  Moments moments;
  Eigen::MatrixXd mean_gradient;
  Eigen::MatrixXd sd_gradient;
};

/// The Gaussian process given observations, and given where pending trials are: those narrow the standard deviation and leave the
/// mean alone (their labels do not matter for it; Desautels, Krause & Burdick, JMLR 15, 2014). Const use is safe from several
/// threads.
class Posterior {
 public:
  Posterior(std::vector<ColumnKind> kinds, const Observations& observations, Hyperparameters hyper);

  /// Adds `weight` times another posterior's mean to every mean predicted from now on: what was learnt elsewhere, around which
  /// the observations are modelled (they must have been given without it).
  void add_trend(std::shared_ptr<const Posterior> trend, double weight);
  /// Adds the point of a pending trial: O(n^2).
  void condition_on(const Eigen::RowVectorXd& point);

  /// Means alone, much cheaper than `predict`.
  [[nodiscard]] Eigen::ArrayXd predict_mean(const Eigen::MatrixXd& points) const;
  [[nodiscard]] Moments predict(const Eigen::MatrixXd& points) const;
  /// Mean and an upper bound of the standard deviation, from the nearest known point alone: n times cheaper than `predict`.
  [[nodiscard]] Moments bound(const Eigen::MatrixXd& points) const;
  [[nodiscard]] MomentsWithGradient predict_with_gradient(const Eigen::MatrixXd& points) const;
  [[nodiscard]] const Hyperparameters& hyper() const { return hyper_; }
  /// Observed and pending points together.
  [[nodiscard]] Eigen::Index size() const { return points_.size(); }

 private:
  [[nodiscard]] double to_sd(double variance) const;
  [[nodiscard]] Eigen::ArrayXd mean_of(const Eigen::MatrixXd& cross, const Eigen::MatrixXd& points) const;

  std::vector<ColumnKind> kinds_;
  Hyperparameters hyper_;
  Embedding embedding_;
  Embedded points_;               ///< observed ones first, then pending ones
  Eigen::MatrixXd inverse_root_;  ///< W = L^-1 of the lower Cholesky factor L of their covariance
  Eigen::VectorXd alpha_;         ///< K^-1 (y - mean) of the observed ones
  Eigen::ArrayXd own_variance_;   ///< diagonal of the covariance
  double mean_ = 0.0;
  std::shared_ptr<const Posterior> trend_;
  double trend_weight_ = 0.0;
};

}  // namespace tune::strategies
