#include "strategies/bayesian/posterior.hpp"

#include <algorithm>
#include <cmath>

#include "strategies/bayesian/cholesky.hpp"

namespace tune::strategies {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::RowVectorXd;
using Eigen::VectorXd;

/// Least variance, as a share of the scale: keeps logarithms of the standard deviation finite.
constexpr double kLeastVariance = 1e-12;
constexpr Index kBlock = 256;

}  // namespace

Posterior::Posterior(std::vector<ColumnKind> kinds, const Observations& observations, Hyperparameters hyper)
    : kinds_(std::move(kinds)), hyper_(std::move(hyper)) {
  const Index n = observations.size();
  points_ = warp_points(observations.points, kinds_, hyper_);
  MatrixXd covariance(n, n);
  for (Index k = 0; k < n; ++k) {
    covariance.col(k) = hyper_.scale * matern52(squared_distances(points_, points_.row(k), kinds_, hyper_.length)).matrix();
    covariance(k, k) += hyper_.noise + observations.noise[k];
  }
  // With the largest jitter of all the matrix is positive definite whatever its rounding errors.
  auto factor = jittered_cholesky(covariance, hyper_.scale);
  if (!factor) {
    covariance.diagonal().array() += hyper_.scale * static_cast<double>(n);
    factor = jittered_cholesky(std::move(covariance), hyper_.scale);
  }
  TUNE_CHECK(factor.has_value());
  root_ = factor->matrixL();
  const VectorXd ones = factor->solve(VectorXd::Ones(n));
  mean_ = n > 0 ? ones.dot(observations.values) / ones.sum() : 0.0;
  alpha_ = factor->solve((observations.values.array() - mean_).matrix());
}

void Posterior::condition_on(const RowVectorXd& point) {
  const Index n = points_.rows();
  const MatrixXd warped = warp_points(point, kinds_, hyper_);
  VectorXd row = hyper_.scale * matern52(squared_distances(points_, warped, kinds_, hyper_.length)).matrix();
  root_.triangularView<Eigen::Lower>().solveInPlace(row);
  const double rest = hyper_.scale * (1.0 + kFirstJitter) + hyper_.noise - row.squaredNorm();
  root_.conservativeResize(n + 1, n + 1);
  root_.col(n).setZero();
  root_.row(n).head(n) = row.transpose();
  root_(n, n) = std::sqrt(std::max(rest, hyper_.scale * kFirstJitter));
  points_.conservativeResize(n + 1, Eigen::NoChange);
  points_.row(n) = warped.row(0);
}

double Posterior::to_sd(double variance) const { return std::sqrt(std::max(variance, kLeastVariance * hyper_.scale)); }

Moments Posterior::predict(const MatrixXd& points) const {
  const Index n = points_.rows();
  const MatrixXd warped = warp_points(points, kinds_, hyper_);
  Moments moments{Eigen::ArrayXd(points.rows()), Eigen::ArrayXd(points.rows())};
  for (Index first = 0; first < points.rows(); first += kBlock) {
    const Index count = std::min(kBlock, points.rows() - first);
    MatrixXd cross(n, count);
    for (Index i = 0; i < count; ++i) {
      cross.col(i) = hyper_.scale * matern52(squared_distances(points_, warped.row(first + i), kinds_, hyper_.length)).matrix();
    }
    moments.mean.segment(first, count) = (cross.topRows(alpha_.size()).transpose() * alpha_).array() + mean_;
    root_.triangularView<Eigen::Lower>().solveInPlace(cross);
    for (Index i = 0; i < count; ++i) moments.sd[first + i] = to_sd(hyper_.scale - cross.col(i).squaredNorm());
  }
  return moments;
}

MomentsWithGradient Posterior::predict_with_gradient(const RowVectorXd& point) const {
  const RowVectorXd warped = warp_points(point, kinds_, hyper_);
  const Eigen::ArrayXd squared = squared_distances(points_, warped, kinds_, hyper_.length);
  const Correlation correlation = matern52_with_slope(squared);
  VectorXd solved = hyper_.scale * correlation.value.matrix();
  MomentsWithGradient out;
  const Index observed = alpha_.size();
  out.mean = mean_ + solved.head(observed).dot(alpha_);
  root_.triangularView<Eigen::Lower>().solveInPlace(solved);
  const double variance = hyper_.scale - solved.squaredNorm();
  out.sd = to_sd(variance);
  root_.triangularView<Eigen::Lower>().transpose().solveInPlace(solved);  // K^-1 k

  const Eigen::ArrayXd slope = hyper_.scale * correlation.slope;
  out.mean_gradient = RowVectorXd::Zero(point.size());
  out.sd_gradient = RowVectorXd::Zero(point.size());
  for (Index j = 0; j < point.size(); ++j) {
    if (kinds_[static_cast<std::size_t>(j)] != ColumnKind::kContinuous) continue;
    const bool bent = hyper_.warp_a[j] != 1.0 || hyper_.warp_b[j] != 1.0;
    const double inner =
        bent ? warp_with_derivatives(Eigen::ArrayXd::Constant(1, point[j]), hyper_.warp_a[j], hyper_.warp_b[j]).by_x[0] : 1.0;
    const double weight = 2.0 * inner / (hyper_.length[j] * hyper_.length[j]);
    const Eigen::ArrayXd by_column = weight * slope * (warped[j] - points_.col(j).array());
    out.mean_gradient[j] = by_column.head(observed).matrix().dot(alpha_);
    if (variance > kLeastVariance * hyper_.scale) out.sd_gradient[j] = -by_column.matrix().dot(solved) / out.sd;
  }
  return out;
}

}  // namespace tune::strategies
