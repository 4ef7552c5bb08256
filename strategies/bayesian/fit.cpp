#include "strategies/bayesian/fit.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "strategies/bayesian/cholesky.hpp"
#include "strategies/bayesian/lbfgs.hpp"

namespace tune::strategies {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr double kMinLength = 0.025;
constexpr double kMaxLength = 1000.0;
constexpr double kMinScale = 0.01;
constexpr double kMaxScale = 100.0;
constexpr double kMinNoise = 1e-6;
constexpr double kMaxNoise = 1.0;
constexpr double kLengthPriorSd = std::numbers::sqrt3;
constexpr double kNoisePriorMean = -8.0;
constexpr double kNoisePriorSd = 2.0;
constexpr double kWarpPriorSd = 0.75;
constexpr double kMaxWarp = 5.0;

double length_prior_mean(int dimensions) { return std::numbers::sqrt2 + 0.5 * std::log(static_cast<double>(dimensions)); }

/// Adds (t - mean)^2 / (2 sd^2), plus t for a density in exp(t), and its derivative.
double add_normal(double t, double mean, double sd, bool density_in_exp, double& derivative) {
  const double z = (t - mean) / sd;
  derivative += z / sd + (density_in_exp ? 1.0 : 0.0);
  return 0.5 * z * z + (density_in_exp ? t : 0.0);
}

}  // namespace

MapObjective::MapObjective(ModelShape shape, const Observations& observations)
    : shape_(std::move(shape)), observations_(observations) {
  if (shape_.warp_inputs) {
    for (std::size_t j = 0; j < shape_.kinds.size(); ++j) {
      if (shape_.kinds[j] == ColumnKind::kContinuous) warped_.push_back(static_cast<Index>(j));
    }
  }
  if (warped_.empty()) fixed_pairs_ = pair_table(observations_.points);
  set_bounds();
}

Index MapObjective::size() const { return static_cast<Index>(shape_.kinds.size() + 2 + 2 * warped_.size()); }

void MapObjective::set_bounds() {
  const auto columns = static_cast<Index>(shape_.kinds.size());
  low_ = VectorXd::Constant(size(), -std::log(kMaxWarp));
  high_ = VectorXd::Constant(size(), std::log(kMaxWarp));
  low_.head(columns).setConstant(std::log(kMinLength));
  high_.head(columns).setConstant(std::log(kMaxLength));
  low_[columns] = std::log(kMinScale);
  high_[columns] = std::log(kMaxScale);
  low_[columns + 1] = std::log(kMinNoise);
  high_[columns + 1] = std::log(kMaxNoise);
}

Hyperparameters MapObjective::unpack(const VectorXd& theta) const {
  const auto columns = static_cast<Index>(shape_.kinds.size());
  Hyperparameters hyper;
  hyper.length = theta.head(columns).array().exp();
  hyper.scale = std::exp(theta[columns]);
  hyper.noise = std::exp(theta[columns + 1]);
  hyper.warp_a = hyper.warp_b = Eigen::ArrayXd::Ones(columns);
  for (std::size_t i = 0; i < warped_.size(); ++i) {
    hyper.warp_a[warped_[i]] = std::exp(theta[columns + 2 + 2 * static_cast<Index>(i)]);
    hyper.warp_b[warped_[i]] = std::exp(theta[columns + 3 + 2 * static_cast<Index>(i)]);
  }
  return hyper;
}

VectorXd MapObjective::pack(const Hyperparameters& hyper) const {
  const auto columns = static_cast<Index>(shape_.kinds.size());
  VectorXd theta(size());
  theta.head(columns) = hyper.length.log().matrix();
  theta[columns] = std::log(hyper.scale);
  theta[columns + 1] = std::log(hyper.noise);
  for (std::size_t i = 0; i < warped_.size(); ++i) {
    theta[columns + 2 + 2 * static_cast<Index>(i)] = std::log(hyper.warp_a[warped_[i]]);
    theta[columns + 3 + 2 * static_cast<Index>(i)] = std::log(hyper.warp_b[warped_[i]]);
  }
  return theta;
}

MatrixXd MapObjective::pair_table(const MatrixXd& points) const {
  const Index n = points.rows();
  MatrixXd pairs(n * (n - 1) / 2, points.cols());
  for (Index j = 0; j < points.cols(); ++j) {
    const bool hamming = shape_.kinds[static_cast<std::size_t>(j)] == ColumnKind::kHamming;
    Index at = 0;
    for (Index k = 0; k + 1 < n; ++k) {
      const Index rest = n - k - 1;
      const auto below = points.col(j).tail(rest).array();
      if (hamming) {
        pairs.col(j).segment(at, rest) = (below != points(k, j)).cast<double>().matrix();
      } else {
        pairs.col(j).segment(at, rest) = (below - points(k, j)).square().matrix();
      }
      at += rest;
    }
  }
  return pairs;
}

double MapObjective::add_priors(const VectorXd& theta, VectorXd& gradient) const {
  const auto columns = static_cast<Index>(shape_.kinds.size());
  const double length_mean = length_prior_mean(shape_.dimensions);
  double sum = 0.0;
  for (Index j = 0; j < columns; ++j) sum += add_normal(theta[j], length_mean, kLengthPriorSd, true, gradient[j]);
  sum += add_normal(theta[columns], 0.0, 1.0, true, gradient[columns]);
  sum += add_normal(theta[columns + 1], kNoisePriorMean, kNoisePriorSd, false, gradient[columns + 1]);
  for (Index i = columns + 2; i < theta.size(); ++i) sum += add_normal(theta[i], 0.0, kWarpPriorSd, false, gradient[i]);
  return sum;
}

double MapObjective::operator()(const VectorXd& theta, VectorXd& gradient) const {
  const Index n = observations_.size();
  const auto columns = static_cast<Index>(shape_.kinds.size());
  const Hyperparameters hyper = unpack(theta);
  gradient = VectorXd::Zero(theta.size());
  MatrixXd own_pairs;
  if (!warped_.empty()) own_pairs = pair_table(warp_points(observations_.points, shape_.kinds, hyper));
  const MatrixXd& pairs = warped_.empty() ? fixed_pairs_ : own_pairs;
  const VectorXd weights = hyper.length.square().inverse().matrix();
  const Eigen::ArrayXd squared = (pairs * weights).array();
  const Correlation correlation = matern52_with_slope(squared);

  MatrixXd covariance(n, n);
  for (Index k = 0, at = 0; k < n; ++k) {
    covariance(k, k) = hyper.scale + hyper.noise + observations_.noise[k];
    covariance.col(k).tail(n - k - 1) = hyper.scale * correlation.value.segment(at, n - k - 1).matrix();
    at += n - k - 1;
  }
  const auto factor = jittered_cholesky(std::move(covariance), hyper.scale);
  if (!factor) return std::numeric_limits<double>::infinity();
  MatrixXd inverse_root = MatrixXd::Identity(n, n);
  factor->matrixL().solveInPlace(inverse_root);
  MatrixXd inverse = MatrixXd::Zero(n, n);
  inverse.selfadjointView<Eigen::Lower>().rankUpdate(inverse_root.transpose());

  const VectorXd ones = inverse.selfadjointView<Eigen::Lower>() * VectorXd::Ones(n);
  const double mean = ones.dot(observations_.values) / ones.sum();
  const VectorXd residual = (observations_.values.array() - mean).matrix();
  const VectorXd alpha = inverse.selfadjointView<Eigen::Lower>() * residual;
  double value = 0.5 * residual.dot(alpha) + factor->matrixLLT().diagonal().array().log().sum();

  // dL/dK = (K^-1 - alpha alpha') / 2, each pair counted twice.
  VectorXd by_pair(pairs.rows());
  for (Index k = 0, at = 0; k + 1 < n; ++k) {
    by_pair.segment(at, n - k - 1) = inverse.col(k).tail(n - k - 1) - alpha[k] * alpha.tail(n - k - 1);
    at += n - k - 1;
  }
  const double trace = inverse.trace() - alpha.squaredNorm();
  const VectorXd by_squared = (hyper.scale * by_pair.array() * correlation.slope).matrix();
  gradient.head(columns) = -2.0 * weights.cwiseProduct(pairs.transpose() * by_squared);
  gradient[columns] = hyper.scale * (0.5 * trace + by_pair.dot(correlation.value.matrix()));
  gradient[columns + 1] = 0.5 * hyper.noise * trace;
  if (!warped_.empty()) add_warp_gradient(hyper, by_squared, gradient);
  value += add_priors(theta, gradient);
  return value;
}

void MapObjective::add_warp_gradient(const Hyperparameters& hyper, const VectorXd& by_squared, VectorXd& gradient) const {
  const Index n = observations_.size();
  const auto columns = static_cast<Index>(shape_.kinds.size());
  for (std::size_t i = 0; i < warped_.size(); ++i) {
    const Index j = warped_[i];
    const WarpedInputs warped = warp_with_derivatives(observations_.points.col(j).array(), hyper.warp_a[j], hyper.warp_b[j]);
    double sum_a = 0.0;
    double sum_b = 0.0;
    for (Index k = 0, at = 0; k + 1 < n; ++k) {
      const Index rest = n - k - 1;
      const Eigen::ArrayXd pull = by_squared.segment(at, rest).array() * (warped.value.tail(rest) - warped.value[k]);
      sum_a += (pull * (warped.by_log_a.tail(rest) - warped.by_log_a[k])).sum();
      sum_b += (pull * (warped.by_log_b.tail(rest) - warped.by_log_b[k])).sum();
      at += rest;
    }
    const double weight = 2.0 / (hyper.length[j] * hyper.length[j]);
    gradient[columns + 2 + 2 * static_cast<Index>(i)] += weight * sum_a;
    gradient[columns + 3 + 2 * static_cast<Index>(i)] += weight * sum_b;
  }
}

Hyperparameters default_hyperparameters(const ModelShape& shape) {
  const auto columns = static_cast<Index>(shape.kinds.size());
  Hyperparameters hyper;
  hyper.length = Eigen::ArrayXd::Constant(columns, std::max(0.2, std::exp(length_prior_mean(shape.dimensions) - 1.5)));
  hyper.warp_a = hyper.warp_b = Eigen::ArrayXd::Ones(columns);
  return hyper;
}

MapObjective::Fit MapObjective::fit(const Hyperparameters& start, int max_iterations) const {
  LbfgsOptions options;
  options.max_iterations = max_iterations;
  const auto function = [this](const VectorXd& theta, VectorXd& gradient) { return (*this)(theta, gradient); };
  const LbfgsResult result = minimize_in_box(function, pack(start), low_, high_, options);
  return {unpack(result.x), result.value};
}

}  // namespace tune::strategies
