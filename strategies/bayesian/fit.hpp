#pragma once

#include <Eigen/Core>
#include <optional>
#include <vector>

#include "strategies/bayesian/kernel.hpp"

namespace tune::strategies {

/// Points (one a row), values and the extra noise variance of each value.
struct Observations {
  Eigen::MatrixXd points;
  Eigen::VectorXd values;
  Eigen::VectorXd noise;

  [[nodiscard]] Eigen::Index size() const { return values.size(); }
  bool operator==(const Observations&) const = default;
};

/// What a fit needs to know of the space.
struct ModelShape {
  std::vector<ColumnKind> kinds;
  int dimensions = 1;        ///< d of the length-scale prior
  bool warp_inputs = false;  ///< fit Kumaraswamy warps of the continuous columns
};

/// The negative log posterior of the hyperparameters, up to a constant, and its analytic gradient.
///
/// theta = (ln length per column, ln scale, ln noise, then per warped column ln a, ln b). Likelihood: a Gaussian process with
/// kernel scale * Matern-5/2 ARD, noise + given noise on the diagonal, and a constant mean at its generalised least-squares value
/// (Rasmussen & Williams, "Gaussian Processes for Machine Learning", 2006, equations 5.8 and 5.9). Priors: length ~ LogNormal(
/// sqrt 2 + ln(min(d, 10)) / 2, sqrt 3) (Hvarfner, Hellsten & Nardi, ICML 2024, who let it grow with every d), scale ~
/// LogNormal(0, 1), ln noise ~ Normal(-8, 2), ln a and ln b ~ Normal(0, 0.5).
class MapObjective {
 public:
  /// `observations` must outlive it.
  MapObjective(ModelShape shape, const Observations& observations);

  [[nodiscard]] Eigen::Index size() const;
  [[nodiscard]] const Eigen::VectorXd& low() const { return low_; }
  [[nodiscard]] const Eigen::VectorXd& high() const { return high_; }
  [[nodiscard]] Hyperparameters unpack(const Eigen::VectorXd& theta) const;
  [[nodiscard]] Eigen::VectorXd pack(const Hyperparameters& hyper) const;
  /// Infinity where the covariance has no Cholesky factor even with jitter.
  double operator()(const Eigen::VectorXd& theta, Eigen::VectorXd& gradient) const;

  struct Fit {
    Hyperparameters hyper;
    double value = 0.0;
  };
  /// The most probable hyperparameters found from `start` by L-BFGS. Deterministic.
  [[nodiscard]] Fit fit(const Hyperparameters& start, int max_iterations) const;

 private:
  double add_priors(const Eigen::VectorXd& theta, Eigen::VectorXd& gradient) const;
  void set_bounds();
  /// Adds what `by_squared` (lower triangle: derivatives by the squared distances, diagonal 0) means for lengths and warps.
  void add_distance_gradient(const Hyperparameters& hyper, const Embedding& embedding, const Embedded& points,
                             const Eigen::MatrixXd& by_squared, Eigen::VectorXd& gradient) const;

  ModelShape shape_;
  const Observations& observations_;
  std::vector<Eigen::Index> warped_;
  Eigen::VectorXd low_;
  Eigen::VectorXd high_;
};

/// The start of a search for hyperparameters that knows nothing: length max(0.2, exp(sqrt 2 + ln(d) / 2 - 1.5)), noise 0.01.
Hyperparameters default_hyperparameters(const ModelShape& shape);

}  // namespace tune::strategies
