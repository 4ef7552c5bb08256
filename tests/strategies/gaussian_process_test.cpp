#include <doctest/doctest.h>

#include <Eigen/Dense>
#include <cmath>

#include "strategies/bayesian/fit.hpp"
#include "strategies/bayesian/input_warp.hpp"
#include "strategies/bayesian/lbfgs.hpp"
#include "strategies/bayesian/posterior.hpp"
#include "tune/random.hpp"

using namespace tune;
using namespace tune::strategies;
using Eigen::MatrixXd;
using Eigen::RowVectorXd;
using Eigen::VectorXd;

namespace {

const std::vector<ColumnKind> kKinds = {ColumnKind::kContinuous, ColumnKind::kGrid, ColumnKind::kHamming,
                                        ColumnKind::kContinuous};

Observations draw_observations(int n) {
  RandomStream stream(3, n, "gp-test");
  Observations data{MatrixXd(n, 4), VectorXd(n), VectorXd(n)};
  for (int i = 0; i < n; ++i) {
    data.points.row(i) << stream.uniform(), std::floor(stream.uniform() * 5) / 4, std::floor(stream.uniform() * 3),
        stream.uniform();
    data.values[i] = std::sin(6 * data.points(i, 0)) + data.points(i, 1) - 0.5 * data.points(i, 2) + 0.1 * stream.normal();
    data.noise[i] = i % 4 == 0 ? 0.05 : 0.0;
  }
  return data;
}

Hyperparameters some_hyperparameters() {
  Hyperparameters hyper;
  hyper.length = Eigen::ArrayXd(4);
  hyper.length << 0.3, 0.8, 1.4, 2.0;
  hyper.scale = 1.7;
  hyper.noise = 0.02;
  hyper.warp_a = Eigen::ArrayXd::Ones(4);
  hyper.warp_b = Eigen::ArrayXd::Ones(4);
  hyper.warp_a[0] = 1.6;
  hyper.warp_b[0] = 0.7;
  return hyper;
}

/// The kernel as the textbook writes it, one pair at a time.
double covariance(const RowVectorXd& x, const RowVectorXd& y, const Hyperparameters& hyper) {
  double r2 = 0.0;
  for (Eigen::Index j = 0; j < 4; ++j) {
    const auto bend = [&](double u) {
      const double c = std::min(std::max(u, kWarpEdge), 1.0 - kWarpEdge);
      return 1.0 - std::pow(1.0 - std::pow(c, hyper.warp_a[j]), hyper.warp_b[j]);
    };
    double difference = x[j] - y[j];
    if (kKinds[static_cast<std::size_t>(j)] == ColumnKind::kHamming) difference = x[j] == y[j] ? 0.0 : 1.0;
    if (j == 0) difference = bend(x[j]) - bend(y[j]);
    r2 += difference * difference / (hyper.length[j] * hyper.length[j]);
  }
  const double r = std::sqrt(r2);
  return hyper.scale * (1.0 + std::sqrt(5.0) * r + 5.0 / 3.0 * r2) * std::exp(-std::sqrt(5.0) * r);
}

struct Dense {
  double mean;
  double sd;
};

/// Mean from the observed points, deviation from those and `pending`, by explicit inverses in long double.
Dense dense_prediction(const Observations& data, const MatrixXd& pending, const RowVectorXd& at, const Hyperparameters& hyper) {
  const Eigen::Index n = data.size();
  const Eigen::Index all = n + pending.rows();
  MatrixXd points(all, 4);
  points << data.points, pending;
  using Matrix = Eigen::Matrix<long double, Eigen::Dynamic, Eigen::Dynamic>;
  using Vector = Eigen::Matrix<long double, Eigen::Dynamic, 1>;
  Matrix k(all, all);
  Vector cross(all);
  for (Eigen::Index i = 0; i < all; ++i) {
    for (Eigen::Index j = 0; j < all; ++j) k(i, j) = covariance(points.row(i), points.row(j), hyper);
    k(i, i) += hyper.noise + (i < n ? data.noise[i] : 0.0);
    cross[i] = covariance(points.row(i), at, hyper);
  }
  const Matrix inverse = k.topLeftCorner(n, n).inverse();
  const Vector values = data.values.cast<long double>();
  const long double mean = (inverse * values).sum() / inverse.sum();
  const Vector residual = (values.array() - mean).matrix();
  const long double at_mean = mean + cross.head(n).dot(inverse * residual);
  const long double variance = hyper.scale - cross.dot(k.inverse() * cross);
  return {static_cast<double>(at_mean), static_cast<double>(std::sqrt(variance))};
}

}  // namespace

TEST_CASE("the posterior is the textbook's, pending points narrow the deviation and leave the mean") {
  const Observations data = draw_observations(25);
  const Hyperparameters hyper = some_hyperparameters();
  Posterior posterior(kKinds, data, hyper);
  const MatrixXd queries = draw_observations(7).points;
  MatrixXd pending(0, 4);
  for (int round = 0; round < 3; ++round) {
    const Moments moments = posterior.predict(queries);
    for (Eigen::Index i = 0; i < queries.rows(); ++i) {
      const Dense expected = dense_prediction(data, pending, queries.row(i), hyper);
      CHECK(moments.mean[i] == doctest::Approx(expected.mean).epsilon(1e-8));
      CHECK(moments.sd[i] == doctest::Approx(expected.sd).epsilon(1e-6));
    }
    pending.conservativeResize(round + 1, 4);
    pending.row(round) = queries.row(round) * 0.9;
    posterior.condition_on(pending.row(round));
  }
  const double before = Posterior(kKinds, data, hyper).predict(queries).sd[0];
  CHECK(posterior.predict(queries).sd[0] < before);
}

TEST_CASE("the posterior's gradient agrees with central differences") {
  Posterior posterior(kKinds, draw_observations(25), some_hyperparameters());
  posterior.condition_on(draw_observations(3).points.row(1));
  const MatrixXd queries = draw_observations(6).points;
  for (Eigen::Index i = 0; i < queries.rows(); ++i) {
    const RowVectorXd at = queries.row(i);
    const MomentsWithGradient moments = posterior.predict_with_gradient(at);
    for (const Eigen::Index j : {0, 3}) {
      constexpr double kStep = 1e-5;
      MatrixXd both(2, 4);
      both << at, at;
      both(0, j) -= kStep;
      both(1, j) += kStep;
      const Moments sides = posterior.predict(both);
      CHECK(moments.mean_gradient(0, j) == doctest::Approx((sides.mean[1] - sides.mean[0]) / (2 * kStep)).epsilon(1e-5));
      CHECK(moments.sd_gradient(0, j) == doctest::Approx((sides.sd[1] - sides.sd[0]) / (2 * kStep)).epsilon(1e-4));
    }
    CHECK(moments.mean_gradient(0, 1) == 0.0);
    CHECK(moments.mean_gradient(0, 2) == 0.0);
  }
}

TEST_CASE("the fit's gradient agrees with central differences, warped or not") {
  const Observations data = draw_observations(30);
  for (const bool warp : {false, true}) {
    const MapObjective objective({kKinds, 4, warp}, data);
    RandomStream stream(1, warp, "theta");
    for (int repeat = 0; repeat < 5; ++repeat) {
      VectorXd theta = objective.pack(some_hyperparameters());
      for (Eigen::Index i = 0; i < theta.size(); ++i) theta[i] += 0.4 * stream.normal();
      VectorXd gradient;
      VectorXd unused;
      objective(theta, gradient);
      VectorXd numeric(theta.size());
      for (Eigen::Index i = 0; i < theta.size(); ++i) {
        constexpr double kStep = 1e-5;
        VectorXd low = theta;
        VectorXd high = theta;
        low[i] -= kStep;
        high[i] += kStep;
        numeric[i] = (objective(high, unused) - objective(low, unused)) / (2.0 * kStep);
      }
      CHECK((gradient - numeric).norm() <= 1e-6 * numeric.norm());
    }
  }
}

TEST_CASE("a fit finds the lengths that matter and survives hopeless data") {
  Observations data = draw_observations(60);
  for (int i = 0; i < 60; ++i) data.values[i] = std::sin(9.0 * data.points(i, 0));
  const ModelShape shape{kKinds, 4, false};
  const auto start = default_hyperparameters(shape);
  const MapObjective objective(shape, data);
  const auto fitted = objective.fit(start, 200);
  VectorXd gradient;
  CHECK(fitted.value < objective(objective.pack(start), gradient));
  for (const int other : {1, 2, 3}) CHECK(fitted.hyper.length[0] < fitted.hyper.length[other]);
  for (const double value : {0.0, 1.0}) {
    Observations flat = data;
    flat.values.setConstant(value);
    flat.points.setConstant(0.5);  // every point the same
    flat.noise.setZero();
    const auto hyper = MapObjective({kKinds, 4, true}, flat).fit(start, 50).hyper;
    CHECK(hyper.length.allFinite());
    const Moments moments = Posterior(kKinds, flat, hyper).predict(draw_observations(5).points);
    CHECK(moments.mean.allFinite());
    CHECK(moments.sd.allFinite());
    CHECK(moments.sd.minCoeff() > 0.0);
  }
}

TEST_CASE("L-BFGS finds Rosenbrock's minimum, inside the box or on its edge") {
  const auto rosenbrock = [](const VectorXd& x, VectorXd& gradient) {
    const double a = 1.0 - x[0];
    const double b = x[1] - x[0] * x[0];
    gradient << -2.0 * a - 400.0 * x[0] * b, 200.0 * b;
    return a * a + 100.0 * b * b;
  };
  const LbfgsOptions precise{.memory = 10, .max_iterations = 200, .gradient_tolerance = 1e-9, .value_tolerance = 0.0};
  const auto point = [](double x, double y) { return VectorXd{{x, y}}; };
  const VectorXd start = point(-1.2, 1.0);
  const auto inside = minimize_in_box(rosenbrock, start, point(-2, -2), point(2, 2), precise);
  CHECK(inside.x[0] == doctest::Approx(1.0).epsilon(1e-6));
  CHECK(inside.x[1] == doctest::Approx(1.0).epsilon(1e-6));
  const auto edge = minimize_in_box(rosenbrock, start, point(-2, -2), point(0.5, 2), precise);
  CHECK(edge.x[0] == 0.5);
  CHECK(edge.x[1] == doctest::Approx(0.25).epsilon(1e-6));
}
