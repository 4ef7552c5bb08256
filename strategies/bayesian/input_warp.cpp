#include "strategies/bayesian/input_warp.hpp"

namespace tune::strategies {

Eigen::ArrayXd warp_inputs(const Eigen::ArrayXd& x, double a, double b) {
  const Eigen::ArrayXd log_x = x.max(kWarpEdge).min(1.0 - kWarpEdge).log();
  const Eigen::ArrayXd rest = 1.0 - (a * log_x).exp();
  return 1.0 - (b * rest.log()).exp();
}

WarpedInputs warp_with_derivatives(const Eigen::ArrayXd& x, double a, double b) {
  const Eigen::ArrayXd inside = x.max(kWarpEdge).min(1.0 - kWarpEdge);
  const Eigen::ArrayXd log_x = inside.log();
  const Eigen::ArrayXd power = (a * log_x).exp();  // x^a
  const Eigen::ArrayXd log_rest = (1.0 - power).log();
  const Eigen::ArrayXd rest_to_b = (b * log_rest).exp();  // (1 - x^a)^b
  const Eigen::ArrayXd slope = a * b * power * rest_to_b / (1.0 - power);
  return {1.0 - rest_to_b, (x == inside).select(slope / inside, 0.0), slope * log_x, -b * log_rest * rest_to_b};
}

}  // namespace tune::strategies
