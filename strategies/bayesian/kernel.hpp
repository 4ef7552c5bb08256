#pragma once

#include <Eigen/Core>
#include <vector>

#include "strategies/bayesian/features.hpp"

namespace tune::strategies {

/// Matern-5/2 and its derivative by the squared distance, which share their exponentials.
struct Correlation {
  Eigen::ArrayXd value;
  Eigen::ArrayXd slope;
};
Correlation matern52_with_slope(const Eigen::ArrayXd& squared);
/// (1 + sqrt(5) r + 5/3 r^2) exp(-sqrt(5) r) of squared scaled distances r^2; the slope is -5/6 (1 + sqrt(5) r) exp(-sqrt(5) r).
Eigen::ArrayXd matern52(const Eigen::ArrayXd& squared);
/// What the fit chooses. Lengths and warps have one entry a column; warps are 1 where a column is not warped.
struct Hyperparameters {
  Eigen::ArrayXd length;
  double scale = 1.0;   ///< sigma_f^2
  double noise = 0.01;  ///< sigma_n^2
  Eigen::ArrayXd warp_a;
  Eigen::ArrayXd warp_b;
};

/// Kumaraswamy's distribution function as input warp: w(x) = 1 - (1 - x^a)^b, with x clamped to [kWarpEdge, 1 - kWarpEdge].
inline constexpr double kWarpEdge = 1e-6;
struct WarpedInputs {
  Eigen::ArrayXd value;
  Eigen::ArrayXd by_x;      ///< derivatives; 0 outside the clamp
  Eigen::ArrayXd by_log_a;  ///< by ln a
  Eigen::ArrayXd by_log_b;
};
WarpedInputs warp_with_derivatives(const Eigen::ArrayXd& x, double a, double b);
Eigen::ArrayXd warp_inputs(const Eigen::ArrayXd& x, double a, double b);

/// Points (one a row) after the warp of every continuous column whose a or b is not 1.
Eigen::MatrixXd warp_points(const Eigen::MatrixXd& points, const std::vector<ColumnKind>& kinds, const Hyperparameters& hyper);

/// Squared scaled distances of one warped point to warped points: sum over columns of (difference / length)^2, a Hamming
/// column's difference being 0 or 1.
Eigen::ArrayXd squared_distances(const Eigen::MatrixXd& points, const Eigen::RowVectorXd& point,
                                 const std::vector<ColumnKind>& kinds, const Eigen::ArrayXd& length);

}  // namespace tune::strategies
