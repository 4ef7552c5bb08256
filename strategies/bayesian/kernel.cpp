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

Eigen::ArrayXd matern52_slope(const Eigen::ArrayXd& squared) {
  const Eigen::ArrayXd r = kRoot5 * squared.sqrt();
  return (-5.0 / 6.0) * (1.0 + r) * (-r).exp();
}

WarpedInput warp_input(double x, double a, double b) {
  const double inside = std::clamp(x, kWarpEdge, 1.0 - kWarpEdge);
  const double log_x = std::log(inside);
  const double power = std::exp(a * log_x);    // x^a
  const double rest = -std::expm1(a * log_x);  // 1 - x^a
  const double log_rest = std::log(rest);
  WarpedInput out;
  out.value = -std::expm1(b * log_rest);
  const double slope = a * b * power * std::exp((b - 1.0) * log_rest);  // a b x^a (1 - x^a)^(b - 1)
  out.by_x = x == inside ? slope / inside : 0.0;
  out.by_log_a = slope * log_x;
  out.by_log_b = -b * log_rest * std::exp(b * log_rest);
  return out;
}

Eigen::MatrixXd warp_points(const Eigen::MatrixXd& points, const std::vector<ColumnKind>& kinds, const Hyperparameters& hyper) {
  Eigen::MatrixXd warped = points;
  for (Eigen::Index j = 0; j < points.cols(); ++j) {
    if (kinds[static_cast<std::size_t>(j)] != ColumnKind::kContinuous) continue;
    if (hyper.warp_a[j] == 1.0 && hyper.warp_b[j] == 1.0) continue;
    for (Eigen::Index i = 0; i < points.rows(); ++i)
      warped(i, j) = warp_input(points(i, j), hyper.warp_a[j], hyper.warp_b[j]).value;
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
