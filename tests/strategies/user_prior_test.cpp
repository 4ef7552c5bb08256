#include "strategies/user_prior.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <numbers>

#include "strategies/random_strategy.hpp"
#include "strategies/sobol_strategy.hpp"
#include "tests/conformance/strategy_conformance.hpp"
#include "tests/support/study_builder.hpp"
#include "tune/random.hpp"

using namespace tune;
using namespace tune::strategies;
using namespace tune::test;

namespace {

/// One parameter of every kind, with beliefs of every confidence.
struct Believed {
  Space space;
  Handle<double> rate = space.log_uniform("rate", 1e-5, 1.0);
  Handle<std::int64_t> layers = space.integer("layers", 1, 10, Scale::kLinear);
  Handle<std::string> optimizer = space.categorical("optimizer", {"sgd", "adam", "lamb", "lion"});
  ConditionalHandle<double> momentum = space.when(optimizer, {"sgd", "lion"}).reverse_log_uniform("momentum", 0.0, 0.999);
  Handle<double> free = space.uniform("free", 0.0, 1.0);

  Believed() {
    space.prior(rate, 0.01, Confidence::kLow)
        .prior(layers, 10, Confidence::kMedium)
        .prior(optimizer, "adam", Confidence::kHigh)
        .prior(momentum, 0.9, Confidence::kHigh);
    REQUIRE_MESSAGE(space.status().ok(), space.status().message());
  }
};

/// The integral over [low, high] by the midpoint rule.
template <typename Function>
double integral(Function f, double low = 0.0, double high = 1.0, int points = 20000) {
  double sum = 0.0;
  for (int i = 0; i < points; ++i) sum += f(low + (high - low) * (i + 0.5) / points);
  return sum * (high - low) / points;
}

}  // namespace

TEST_CASE("a normal distribution truncated to the unit interval against numerical integration") {
  for (const double center : {0.0, 0.03, 0.5, 0.81, 1.0}) {
    for (const double deviation : {0.005, 0.125, 0.25, 0.5, 3.0}) {
      CAPTURE(center);
      CAPTURE(deviation);
      const TruncatedNormal normal(center, deviation);
      const auto density = [&](double u) { return std::exp(normal.log_density(u)); };
      CHECK(integral(density) == doctest::Approx(1.0).epsilon(1e-6));
      CHECK(normal.probability(0.0, 1.0) == doctest::Approx(1.0));
      CHECK(normal.probability(0.2, 0.7) == doctest::Approx(integral(density, 0.2, 0.7)).epsilon(1e-6));
      double last = -1.0;
      for (const double p : {0.0, 1e-12, 0.001, 0.25, 0.5, 0.9, 0.999999, 1.0}) {
        const double u = normal.quantile(p);
        CHECK(u >= 0.0);
        CHECK(u <= 1.0);
        CHECK(u >= last);
        last = u;
        if (p > 0.0 && p < 1.0) CHECK(normal.probability(0.0, u) == doctest::Approx(p).epsilon(1e-6));
      }
    }
  }
  // Far from the centre nothing cancels.
  const double tail = TruncatedNormal(0.1, 0.1).probability(0.9, 1.0);
  CHECK(tail == doctest::Approx(0.5 * (std::erfc(8.0 / std::numbers::sqrt2) - std::erfc(9.0 / std::numbers::sqrt2)) /
                                (0.5 * std::erfc(-1.0 / std::numbers::sqrt2))));
  CHECK(TruncatedNormal(0.0, 0.005).quantile(0.5) < 0.005);
}

TEST_CASE("each parameter's prior integrates to one, and its distribution function is the integral") {
  const Believed believed;
  const UserPrior prior(believed.space);
  CHECK(prior.any());
  for (std::size_t i = 0; i < believed.space.size(); ++i) {
    CAPTURE(i);
    const auto density = [&](double u) { return std::exp(prior.log_density(i, u)); };
    CHECK(integral(density) == doctest::Approx(1.0).epsilon(1e-6));
    for (const double u : {0.0, 0.1, 0.33, 0.5, 0.77, 1.0}) {
      CHECK(prior.cdf(i, u) == doctest::Approx(integral(density, 0.0, u)).epsilon(1e-4));
      const double p = prior.cdf(i, u);
      CHECK(prior.quantile(i, p) == doctest::Approx(u).epsilon(1e-6));
    }
  }
  const UnitCube cube(believed.space);
  CHECK(prior.log_density(0, cube.encode(0, 0.01)) > prior.log_density(0, cube.encode(0, 0.02)));
  // A deviation of 1/8 of the range for high confidence: e^-1/2 of the peak there.
  const double peak = cube.encode(3, 0.9);
  CHECK(prior.log_density(3, peak) - prior.log_density(3, peak - 0.125) == doctest::Approx(0.5));
  // Eight times as likely as each of the three others.
  CHECK(prior.cdf(2, 0.5) - prior.cdf(2, 0.25) == doctest::Approx(8.0 / 11.0));
  CHECK(prior.cdf(2, 0.25) == doctest::Approx(1.0 / 11.0));
}

TEST_CASE("the density of a point is the product over what exists there") {
  const Believed believed;
  const UserPrior prior(believed.space);
  const std::vector<double> with{0.3, 0.4, 0.1, 0.9, 0.2};  // sgd
  std::vector<double> without = with;
  without[2] = 0.3;  // adam has no momentum
  double sum = 0.0;
  for (std::size_t i = 0; i < with.size(); ++i) sum += prior.log_density(i, with[i]);
  CHECK(prior.log_density(with) == doctest::Approx(sum));
  CHECK(prior.log_density(without) ==
        doctest::Approx(sum - prior.log_density(3, 0.9) - prior.log_density(2, 0.1) + prior.log_density(2, 0.3)));
  std::vector<double> moved = without;
  moved[3] = 0.1;
  CHECK(prior.log_density(moved) == prior.log_density(without));
  moved[4] = 0.9;
  CHECK(prior.log_density(moved) == prior.log_density(without));
}

TEST_CASE("the gradient against central differences") {
  const Believed believed;
  const UserPrior prior(believed.space);
  RandomStream stream(1, 1, "points");
  for (int round = 0; round < 200; ++round) {
    std::vector<double> point(believed.space.size());
    for (double& u : point) u = 0.001 + 0.998 * stream.uniform();
    std::vector<double> derivative(point.size());
    prior.gradient(point, derivative);
    for (std::size_t i = 0; i < point.size(); ++i) {
      if (!believed.space[i].is_numeric()) {
        CHECK(derivative[i] == 0.0);
        continue;
      }
      constexpr double kStep = 1e-5;
      auto moved = point;
      moved[i] = point[i] + kStep;
      const double above = prior.log_density(moved);
      moved[i] = point[i] - kStep;
      CHECK(derivative[i] == doctest::Approx((above - prior.log_density(moved)) / (2.0 * kStep)).epsilon(1e-6));
    }
  }
}

TEST_CASE("without beliefs nothing changes") {
  Space space;
  space.uniform("x", 0.0, 1.0);
  space.categorical("c", {"a", "b"});
  const UserPrior prior(space);
  CHECK_FALSE(prior.any());
  std::vector<double> point{0.3, 0.8};
  CHECK(prior.log_density(point) == 0.0);
  prior.map(point);
  CHECK(point == std::vector<double>{0.3, 0.8});
}

TEST_CASE("mapped points have the prior's shares, stay in their slices, and are finite at the ends") {
  const Believed believed;
  const UserPrior prior(believed.space);
  const UnitCube cube(believed.space);
  RandomStream stream(2, 1, "points");
  constexpr int kPoints = 4000;
  int near = 0;
  int adam = 0;
  for (int i = 0; i < kPoints; ++i) {
    std::vector<double> point(believed.space.size());
    for (double& u : point) u = stream.uniform();
    prior.map(point);
    CHECK(believed.space.check(cube.decode(point)).ok());
    near += std::abs(point[0] - cube.encode(0, 0.01)) < 0.5;
    adam += cube.category_at(2, point[2]) == 1;
  }
  const double share = prior.cdf(0, 1.0) - prior.cdf(0, cube.encode(0, 0.01) - 0.5);
  CHECK(near == doctest::Approx(kPoints * share).epsilon(0.05));
  CHECK(adam == doctest::Approx(kPoints * 8.0 / 11.0).epsilon(0.05));
  for (std::size_t k = 1; k <= 60; ++k) {
    Space space;
    Parameter parameter;
    parameter.name = "c";
    parameter.type = ParameterType::kCategorical;
    for (std::size_t i = 0; i < k; ++i) parameter.values.emplace_back(static_cast<std::int64_t>(i));
    parameter.prior = Prior{parameter.values[k / 2], Confidence::kHigh};
    space.add(parameter);
    const UserPrior one(space);
    const UnitCube slices(space);
    double before = 0.0;
    for (std::size_t i = 0; i < k; ++i) {
      const double after = one.cdf(0, (static_cast<double>(i) + 1.0) / static_cast<double>(k));
      CHECK(slices.category_at(0, one.quantile(0, before + 1e-7 * (after - before))) == i);
      CHECK(slices.category_at(0, one.quantile(0, after - 1e-7 * (after - before))) == i);
      before = after;
    }
  }
  for (const double extreme : {0.0, 1.0, -1.0, 2.0}) {
    std::vector<double> point(believed.space.size(), extreme);
    CHECK(std::isfinite(prior.log_density(point)));
    prior.map(point);
    CHECK(believed.space.check(cube.decode(point)).ok());
  }
}

TEST_CASE("random and sobol draw from the prior") {
  Space space;
  const auto x = space.uniform("x", 0.0, 1.0);
  space.prior(x, 0.9, Confidence::kHigh);
  const double mean = integral([&](double u) { return u * std::exp(UserPrior(space).log_density(0, u)); });
  const auto mean_of = [&](Strategy& strategy) {
    StudyBuilder builder(space);
    constexpr int kTrials = 512;
    double sum = 0.0;
    for (const Configuration& configuration : strategy.ask(builder.view(), kTrials).configurations) {
      sum += as_number(*configuration[0]);
    }
    return sum / kTrials;
  };
  RandomStrategy random(space);
  SobolStrategy sobol(space);
  CHECK(mean_of(random) == doctest::Approx(mean).epsilon(0.03));
  CHECK(mean_of(sobol) == doctest::Approx(mean).epsilon(0.003));
}
