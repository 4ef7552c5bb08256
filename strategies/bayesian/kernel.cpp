#include "strategies/bayesian/kernel.hpp"

#include <algorithm>
#include <cmath>

namespace tune::strategies {
namespace {

const double kRoot5 = std::sqrt(5.0);

}  // namespace

Eigen::ArrayXd matern52(const Eigen::ArrayXd& squared) {
  const Eigen::ArrayXd r = kRoot5 * squared.sqrt();
  return (1.0 + r + (5.0 / 3.0) * squared) * (-r).exp();
}

Correlation matern52_with_slope(const Eigen::ArrayXd& squared) {
  const Eigen::ArrayXd r = kRoot5 * squared.sqrt();
  const Eigen::ArrayXd decay = (-r).exp();
  return {(1.0 + r + (5.0 / 3.0) * squared) * decay, (-5.0 / 6.0) * (1.0 + r) * decay};
}

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

Eigen::MatrixXd warp_points(const Eigen::MatrixXd& points, const std::vector<ColumnKind>& kinds, const Hyperparameters& hyper) {
  Eigen::MatrixXd warped = points;
  for (Eigen::Index j = 0; j < points.cols(); ++j) {
    if (kinds[static_cast<std::size_t>(j)] != ColumnKind::kContinuous) continue;
    if (hyper.warp_a[j] == 1.0 && hyper.warp_b[j] == 1.0) continue;
    warped.col(j) = warp_inputs(points.col(j).array(), hyper.warp_a[j], hyper.warp_b[j]).matrix();
  }
  return warped;
}

Eigen::ArrayXd squared_distances(const Eigen::MatrixXd& points, const Eigen::RowVectorXd& point,
                                 const std::vector<ColumnKind>& kinds, const Eigen::ArrayXd& length) {
  Eigen::ArrayXd sum = Eigen::ArrayXd::Zero(points.rows());
  for (Eigen::Index j = 0; j < points.cols(); ++j) {
    const double weight = 1.0 / (length[j] * length[j]);
    if (kinds[static_cast<std::size_t>(j)] == ColumnKind::kHamming) {
      sum += weight * (points.col(j).array() != point[j]).cast<double>();
    } else {
      sum += weight * (points.col(j).array() - point[j]).square();
    }
  }
  return sum;
}

}  // namespace tune::strategies
