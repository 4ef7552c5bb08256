#include "strategies/bayesian/posterior.hpp"

#include <algorithm>
#include <cmath>

#include "strategies/bayesian/cholesky.hpp"
#include "strategies/bayesian/triangular.hpp"
#include "tune/status.hpp"

namespace tune::strategies {
namespace {

using Eigen::ArrayXd;
using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::RowVectorXd;
using Eigen::VectorXd;

/// Least variance, as a share of the scale: keeps logarithms of the standard deviation finite.
constexpr double kLeastVariance = 1e-12;

}  // namespace

Posterior::Posterior(std::vector<ColumnKind> kinds, const Observations& observations, Hyperparameters hyper)
    : kinds_(std::move(kinds)), hyper_(std::move(hyper)), embedding_(kinds_, hyper_) {
  const Index n = observations.size();
  points_ = embedding_(observations.points);
  MatrixXd covariance = embedding_.squared_distances(points_);
  for (Index k = 0; k < n; ++k) matern52(covariance.col(k).tail(n - k));
  covariance *= hyper_.scale;
  own_variance_ = hyper_.scale + hyper_.noise + observations.noise.array();
  covariance.diagonal() = own_variance_;
  // With the largest jitter of all the matrix is positive definite whatever its rounding errors.
  auto factor = jittered_cholesky(covariance, hyper_.scale);
  if (!factor) {
    covariance.diagonal().array() += hyper_.scale * static_cast<double>(n);
    factor = jittered_cholesky(std::move(covariance), hyper_.scale);
  }
  TUNE_CHECK(factor.has_value());
  inverse_root_ = factor->matrixL();
  invert_lower(inverse_root_);
  const auto solve = [this](const VectorXd& right) -> VectorXd {
    const VectorXd half = inverse_root_.triangularView<Eigen::Lower>() * right;
    return inverse_root_.triangularView<Eigen::Lower>().transpose() * half;
  };
  const VectorXd ones = solve(VectorXd::Ones(n));
  mean_ = n > 0 ? ones.dot(observations.values) / ones.sum() : 0.0;
  alpha_ = solve((observations.values.array() - mean_).matrix());
}

void Posterior::condition_on(const RowVectorXd& point) {
  const Index n = size();
  const Embedded added = embedding_(point);
  MatrixXd cross = embedding_.squared_distances(points_, added);
  matern52(cross);
  const VectorXd row = inverse_root_.triangularView<Eigen::Lower>() * VectorXd(hyper_.scale * cross.col(0));
  const double rest = hyper_.scale * (1.0 + kFirstJitter) + hyper_.noise - row.squaredNorm();
  const double diagonal = std::sqrt(std::max(rest, hyper_.scale * kFirstJitter));
  const RowVectorXd below = -(inverse_root_.triangularView<Eigen::Lower>().transpose() * row).transpose() / diagonal;
  inverse_root_.conservativeResize(n + 1, n + 1);
  inverse_root_.col(n).setZero();
  inverse_root_.row(n).head(n) = below;
  inverse_root_(n, n) = 1.0 / diagonal;
  points_.append(added);
  own_variance_.conservativeResize(n + 1);
  own_variance_[n] = hyper_.scale + hyper_.noise;
}

double Posterior::to_sd(double variance) const { return std::sqrt(std::max(variance, kLeastVariance * hyper_.scale)); }

ArrayXd Posterior::mean_of(const MatrixXd& cross, const MatrixXd& points) const {
  const ArrayXd own = (cross.topRows(alpha_.size()).transpose() * alpha_).array() + mean_;
  if (!trend_) return own;
  return own + trend_weight_ * trend_->predict_mean(points);
}

void Posterior::add_trend(std::shared_ptr<const Posterior> trend, double weight) {
  trend_ = std::move(trend);
  trend_weight_ = weight;
}

ArrayXd Posterior::predict_mean(const MatrixXd& points) const {
  MatrixXd cross = embedding_.squared_distances(points_, embedding_(points));
  matern52(cross);
  cross *= hyper_.scale;
  return mean_of(cross, points);
}

Moments Posterior::predict(const MatrixXd& points) const {
  MatrixXd cross = embedding_.squared_distances(points_, embedding_(points));
  matern52(cross);
  cross *= hyper_.scale;
  Moments moments{mean_of(cross, points), ArrayXd(points.rows())};
  const MatrixXd solved = inverse_root_.triangularView<Eigen::Lower>() * cross;
  for (Index i = 0; i < points.rows(); ++i) moments.sd[i] = to_sd(hyper_.scale - solved.col(i).squaredNorm());
  return moments;
}

Moments Posterior::bound(const MatrixXd& points) const {
  MatrixXd cross = embedding_.squared_distances(points_, embedding_(points));
  matern52(cross);
  cross *= hyper_.scale;
  Moments moments{mean_of(cross, points), ArrayXd(points.rows())};
  for (Index i = 0; i < points.rows(); ++i) {
    const double told = size() > 0 ? (cross.col(i).array().square() / own_variance_).maxCoeff() : 0.0;
    moments.sd[i] = to_sd(hyper_.scale - told);
  }
  return moments;
}

MomentsWithGradient Posterior::predict_with_gradient(const MatrixXd& points) const {
  const Embedded at = embedding_(points);
  MatrixXd cross = embedding_.squared_distances(points_, at);
  MatrixXd slope(cross.rows(), cross.cols());
  matern52_with_slope(cross, slope);
  cross *= hyper_.scale;
  slope *= hyper_.scale;
  MomentsWithGradient out;
  out.moments = {mean_of(cross, points), ArrayXd(points.rows())};
  const MatrixXd half = inverse_root_.triangularView<Eigen::Lower>() * cross;
  const MatrixXd solved = inverse_root_.triangularView<Eigen::Lower>().transpose() * half;  // K^-1 k
  ArrayXd sd_weight(points.rows());
  for (Index i = 0; i < points.rows(); ++i) {
    const double variance = hyper_.scale - half.col(i).squaredNorm();
    out.moments.sd[i] = to_sd(variance);
    sd_weight[i] = variance > kLeastVariance * hyper_.scale ? -1.0 / out.moments.sd[i] : 0.0;
  }
  // d k_i / d x_j = slope_i 2 (z_j - z_ij) dz_j/dx_j, summed over the known points with weights alpha and K^-1 k.
  MatrixXd by_mean = slope;
  by_mean.topRows(alpha_.size()).array().colwise() *= alpha_.array();
  by_mean.bottomRows(size() - alpha_.size()).setZero();
  const MatrixXd by_variance = slope.cwiseProduct(solved);
  const MatrixXd mean_sums = by_mean.transpose() * points_.scaled;
  const MatrixXd variance_sums = by_variance.transpose() * points_.scaled;
  const ArrayXd mean_total = by_mean.colwise().sum().transpose();
  const ArrayXd variance_total = by_variance.colwise().sum().transpose();
  out.mean_gradient = MatrixXd::Zero(points.rows(), points.cols());
  out.sd_gradient = MatrixXd::Zero(points.rows(), points.cols());
  for (std::size_t k = 0; k < embedding_.numeric().size(); ++k) {
    const Index j = embedding_.numeric()[k];
    if (kinds_[static_cast<std::size_t>(j)] != ColumnKind::kContinuous) continue;
    const auto column = static_cast<Index>(k);
    const ArrayXd inner = 2.0 * embedding_.slope(k, points.col(j).array());
    const auto z = at.scaled.col(column).array();
    out.mean_gradient.col(j) = (inner * (z * mean_total - mean_sums.col(column).array())).matrix();
    out.sd_gradient.col(j) = (inner * sd_weight * (z * variance_total - variance_sums.col(column).array())).matrix();
  }
  if (trend_) out.mean_gradient += trend_weight_ * trend_->predict_with_gradient(points).mean_gradient;
  return out;
}

}  // namespace tune::strategies
