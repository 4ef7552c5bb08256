#include <doctest/doctest.h>

#include <cmath>
#include <functional>
#include <map>

#include "strategies/tpe/cell.hpp"
#include "strategies/tpe/parzen_estimator.hpp"
#include "tests/conformance/strategy_conformance.hpp"

using namespace tune;
using namespace tune::strategies;
using namespace tune::test;

namespace {

/// Every kind of parameter, some of them conditional; few enough combinations to add them all up.
Space small_space() {
  Space space;
  const auto optimizer = space.categorical("optimizer", {"sgd", "adam", "lion"});
  space.log_uniform("rate", 1e-4, 1.0);
  space.when(optimizer, {"sgd", "lion"}).integer("units", 1, 40, Scale::kLog);
  Parameter width;
  width.name = "width";
  width.min = 0.1;
  width.max = 0.95;
  width.step = 0.25;
  width.when = Condition{"optimizer", {std::string("adam")}};
  space.add(width);
  Parameter constant;
  constant.name = "constant";
  constant.min = constant.max = 3.0;
  space.add(constant);
  REQUIRE(space.status().ok());
  return space;
}

std::vector<Configuration> random_configurations(const UnitCube& cube, int count, std::int64_t number) {
  RandomStream stream(3, number, "configurations");
  std::vector<Configuration> made;
  std::vector<double> point(cube.size());
  for (int i = 0; i < count; ++i) {
    for (double& u : point) u = stream.below(8) == 0 ? static_cast<double>(stream.below(2)) : stream.uniform();
    made.push_back(cube.decode(point));
  }
  return made;
}

std::vector<ParzenEstimator::Observation> weighted(const std::vector<Configuration>& configurations) {
  std::vector<ParzenEstimator::Observation> observations;
  for (const Configuration& one : configurations) {
    observations.push_back({&one, 1.0 / (1.0 + static_cast<double>(observations.size() % 4))});
  }
  return observations;
}

/// Adds `visit(configuration) * volume` up over all configurations: every category and grid value, and `kPoints` points of each
/// continuous number.
double sum_over_all(const UnitCube& cube, const std::function<double(const Configuration&)>& visit) {
  constexpr int kPoints = 400;
  const Space& space = cube.space();
  Configuration configuration(cube.size());
  const std::function<double(std::size_t, double)> from = [&](std::size_t i, double volume) -> double {
    if (i == cube.size()) return volume * visit(configuration);
    configuration[i].reset();
    if (!space.is_active(configuration, i)) return from(i + 1, volume);
    const Parameter& about = space[i];
    double sum = 0.0;
    if (!about.is_numeric()) {
      for (const Value& value : about.values) {
        configuration[i] = value;
        sum += from(i + 1, volume);
      }
    } else if (const std::int64_t count = about.cardinality(); count > 0) {
      for (std::int64_t k = 0; k < count; ++k) {
        configuration[i] = about.snap(about.min + grid_width(about) * static_cast<double>(k));
        sum += from(i + 1, volume);
      }
    } else if (about.min == about.max) {
      configuration[i] = about.min;
      sum = from(i + 1, volume);
    } else {
      for (int k = 0; k < kPoints; ++k) {
        configuration[i] = cube.decode(i, (k + 0.5) / kPoints);
        sum += from(i + 1, volume / kPoints);
      }
    }
    configuration[i].reset();
    return sum;
  };
  return from(0, 1.0);
}

}  // namespace

TEST_CASE("a value's cell is what decodes to it; the cells of a parameter fill the unit interval") {
  for (std::int64_t number = 0; number < 60; ++number) {
    CAPTURE(number);
    const Space space = conformance_space(number);
    const UnitCube cube(space);
    RandomStream stream(6, number, "cells");
    for (std::size_t i = 0; i < space.size(); ++i) {
      const Value value = cube.decode(i, stream.uniform());
      const Cell cell = cell_of(cube, i, value);
      if (space[i].cardinality() == 0) {
        CHECK(cell.low == cube.encode(i, value));
        CHECK(cell.high == cell.low);
        continue;
      }
      const double width = cell.high - cell.low;
      REQUIRE(width > 0.0);
      CHECK(cube.decode(i, cell.low + 0.001 * width) == value);
      CHECK(cube.decode(i, cell.high - 0.001 * width) == value);
      if (cell.low > 0.0) CHECK(cube.decode(i, cell.low - 1e-9) != value);
      if (cell.high < 1.0) CHECK(cube.decode(i, cell.high + 1e-9) != value);
    }
  }
}

TEST_CASE("the density adds up to one over all configurations") {
  Space space = small_space();
  const UnitCube cube(space);
  Space believed = space;
  believed.prior(Handle<double>{1}, 0.01, Confidence::kHigh)
      .prior(Handle<std::string>{0}, "adam")
      .prior(Handle<std::int64_t>{2}, 30, Confidence::kLow);
  const UserPrior beliefs(believed);
  for (const int count : {0, 1, 7, 60}) {
    for (const bool clip : {false, true}) {
      for (const double prior_weight : {0.01, 1.0, 5.0}) {
        CAPTURE(count);
        CAPTURE(clip);
        CAPTURE(prior_weight);
        const auto configurations = random_configurations(cube, count, count);
        const ParzenOptions options{prior_weight, clip};
        for (const UserPrior* prior : {static_cast<const UserPrior*>(nullptr), &beliefs}) {
          const ParzenEstimator density(cube, weighted(configurations), options, prior);
          const double sum = sum_over_all(cube, [&](const Configuration& one) { return std::exp(density.log_density(one)); });
          CHECK(sum == doctest::Approx(1.0).epsilon(1e-4));
        }
      }
    }
  }
}

TEST_CASE("draws follow the density") {
  const Space space = small_space();
  const UnitCube cube(space);
  const auto configurations = random_configurations(cube, 9, 4);
  const ParzenEstimator density(cube, weighted(configurations), {}, nullptr);
  std::map<std::string, double> expected;
  const auto bin = [&](const Configuration& one) {
    const std::string units = one[2] ? (std::get<std::int64_t>(*one[2]) <= 6 ? " few" : " many") : "";
    const std::string width = one[3] ? " " + to_text(*one[3]) : "";
    return to_text(*one[0]) + (std::get<double>(*one[1]) < 0.01 ? " low" : " high") + units + width;
  };
  sum_over_all(cube, [&](const Configuration& one) {
    expected[bin(one)] += std::exp(density.log_density(one)) / 400.0;
    return 0.0;
  });
  constexpr int kDraws = 20000;
  std::map<std::string, int> drawn;
  for (int i = 0; i < kDraws; ++i) {
    RandomStream stream(5, i, "draws");
    const Configuration one = density.sample(stream);
    REQUIRE(space.check(one).ok());
    ++drawn[bin(one)];
  }
  CHECK(expected.size() == 16);
  for (const auto& [name, probability] : expected) {
    CAPTURE(name);
    const double deviation = std::sqrt(kDraws * probability * (1.0 - probability));
    CHECK(std::abs(drawn[name] - kDraws * probability) < 5.0 * deviation + 1.0);
  }
}

TEST_CASE("kernels narrow with more trials, and the density is finite everywhere") {
  Space space;
  space.uniform("x", 0.0, 1.0);
  space.integer("n", 0, 9'000'000'000'000'000, Scale::kLinear);
  space.integer("m", 1, 2'000'000, Scale::kLog);
  const UnitCube cube(space);
  const auto at = [&](double u) { return cube.decode(std::vector<double>(3, u)); };
  double last = -INFINITY;
  for (const int count : {1, 4, 20, 200}) {
    const std::vector<Configuration> same(static_cast<std::size_t>(count), at(0.3));
    const ParzenEstimator density(cube, weighted(same), {}, nullptr);
    CHECK(density.log_density(at(0.3)) > last);
    last = density.log_density(at(0.3));
    for (const double u : {0.0, 0.25, 0.5, 1.0}) {
      CHECK(std::isfinite(density.log_density(at(u))));
      if (u != 0.25) CHECK(density.log_density(at(u)) < last);
    }
  }
}
