#include "strategies/bayesian/fit.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "strategies/bayesian/cholesky.hpp"
#include "strategies/bayesian/input_warp.hpp"
#include "strategies/bayesian/lbfgs.hpp"
#include "strategies/bayesian/triangular.hpp"

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
constexpr double kWarpPriorSd = 0.5;
constexpr double kMaxWarp = 5.0;
constexpr int kMostScaled = 10;  ///< dimensions from which on the lengths' prior does not grow any more

double length_prior_mean(int dimensions) {
  return std::numbers::sqrt2 + 0.5 * std::log(static_cast<double>(std::min(dimensions, kMostScaled)));
}

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
  const Embedding embedding(shape_.kinds, hyper);
  const Embedded points = embedding(observations_.points);
  MatrixXd correlation = embedding.squared_distances(points);
  MatrixXd slope(n, n);
  for (Index k = 0; k < n; ++k) {
    matern52_with_slope(correlation.col(k).tail(n - k), slope.col(k).tail(n - k));
  }

  MatrixXd covariance = hyper.scale * correlation;
  covariance.diagonal().array() = hyper.scale + hyper.noise + observations_.noise.array();
  auto factor = jittered_cholesky(std::move(covariance), hyper.scale);
  if (!factor) return std::numeric_limits<double>::infinity();
  MatrixXd inverse_root = factor->matrixLLT();
  const double half_log_determinant = inverse_root.diagonal().array().log().sum();
  invert_lower(inverse_root);
  const MatrixXd inverse = transpose_times_self(inverse_root);

  const VectorXd ones = inverse.selfadjointView<Eigen::Lower>() * VectorXd::Ones(n);
  const double mean = ones.dot(observations_.values) / ones.sum();
  const VectorXd residual = (observations_.values.array() - mean).matrix();
  const VectorXd alpha = inverse.selfadjointView<Eigen::Lower>() * residual;
  double value = 0.5 * residual.dot(alpha) + half_log_determinant;

  // dL/dK = (K^-1 - alpha alpha') / 2, each pair counted twice.
  double by_scale = 0.0;
  MatrixXd by_squared = MatrixXd::Zero(n, n);
  for (Index k = 0; k + 1 < n; ++k) {
    const Index rest = n - k - 1;
    const Eigen::ArrayXd by_pair = inverse.col(k).tail(rest).array() - alpha[k] * alpha.tail(rest).array();
    by_scale += (by_pair * correlation.col(k).tail(rest).array()).sum();
    by_squared.col(k).tail(rest) = (hyper.scale * by_pair * slope.col(k).tail(rest).array()).matrix();
  }
  const double trace = inverse.trace() - alpha.squaredNorm();
  gradient[columns] = hyper.scale * (0.5 * trace + by_scale);
  gradient[columns + 1] = 0.5 * hyper.noise * trace;
  add_distance_gradient(hyper, embedding, points, by_squared, gradient);
  value += add_priors(theta, gradient);
  return value;
}

/// For a symmetric A with diagonal 0, the sum over pairs i > k of A_ik (z_i - z_k) (v_i - v_k) is (A 1)' (z v) - v' A z: all
/// columns at the price of one matrix product.
void MapObjective::add_distance_gradient(const Hyperparameters& hyper, const Embedding& embedding, const Embedded& points,
                                         const MatrixXd& by_squared, VectorXd& gradient) const {
  const auto a = by_squared.selfadjointView<Eigen::Lower>();
  const VectorXd row_sums = a * VectorXd::Ones(points.size());
  MatrixXd products(points.size(), points.scaled.cols());
  if (products.size() > 0) products.noalias() = a * points.scaled;  // Eigen does not define a product without columns
  const auto columns = static_cast<Index>(shape_.kinds.size());
  std::size_t warp = 0;
  for (std::size_t k = 0; k < embedding.numeric().size(); ++k) {
    const Index j = embedding.numeric()[k];
    const auto z = points.scaled.col(static_cast<Index>(k)).array();
    const auto az = products.col(static_cast<Index>(k)).array();
    const auto by_moving = [&](const Eigen::ArrayXd& v) { return 2.0 * (row_sums.array() * z * v - v * az).sum(); };
    gradient[j] -= by_moving(z);
    if (warp == warped_.size() || warped_[warp] != j) continue;
    const WarpedInputs bent = warp_with_derivatives(observations_.points.col(j).array(), hyper.warp_a[j], hyper.warp_b[j]);
    const Index at = columns + 2 + 2 * static_cast<Index>(warp++);
    gradient[at] += by_moving(bent.by_log_a / hyper.length[j]);
    gradient[at + 1] += by_moving(bent.by_log_b / hyper.length[j]);
  }
  for (std::size_t h = 0; h < embedding.hamming().size(); ++h) {
    const Index j = embedding.hamming()[h];
    const auto label = points.labels.col(static_cast<Index>(h)).array();
    double sum = 0.0;
    for (Index k = 0; k + 1 < points.size(); ++k) {
      const Index rest = points.size() - k - 1;
      sum += (label.tail(rest) != label[k]).select(by_squared.col(k).tail(rest).array(), 0.0).sum();
    }
    gradient[j] -= 2.0 * sum / (hyper.length[j] * hyper.length[j]);
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
