#pragma once

#include <Eigen/Core>

namespace tune::strategies {

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

}  // namespace tune::strategies
