#include <doctest/doctest.h>

#include <cmath>
#include <numbers>

#include "strategies/bayesian/bayesian_strategy.hpp"
#include "strategies/bayesian/training_data.hpp"
#include "strategies/random_strategy.hpp"
#include "tests/support/study_builder.hpp"

using namespace tune;
using namespace tune::strategies;
using namespace tune::test;

namespace {

double number(const Configuration& configuration, std::size_t index) { return as_number(*configuration[index]); }

/// Best value after `trials` one at a time.
double best_found(Strategy& strategy, const Space& space, double (*loss)(const Configuration&), int trials, std::uint64_t seed) {
  StudyBuilder builder(space, minimize("loss"), seed);
  double best = INFINITY;
  for (int i = 0; i < trials; ++i) {
    const Asked asked = strategy.ask(builder.view(), 1);
    REQUIRE(asked.configurations.size() == 1);
    const double value = loss(asked.configurations.front());
    best = std::min(best, value);
    builder.add({asked.configurations.front(), {value}});
  }
  return best;
}

double branin(const Configuration& c) {
  constexpr double kPi = std::numbers::pi;
  const double x = number(c, 0);
  const double y = number(c, 1);
  const double a = y - 5.1 / (4.0 * kPi * kPi) * x * x + 5.0 / kPi * x - 6.0;
  return a * a + 10.0 * (1.0 - 1.0 / (8.0 * kPi)) * std::cos(x) + 10.0 - 0.39788735772973816;
}

double mixed(const Configuration& c) {
  const bool adam = std::get<std::string>(*c[0]) == "adam";
  const double rate = std::log10(number(c, 1));
  const double units = number(c, 2);
  const double momentum = c[3] ? number(c, 3) : 0.0;
  return (rate + 2.0) * (rate + 2.0) + 0.001 * (units - 40.0) * (units - 40.0) +
         (adam ? 1.0 : 4.0 * (momentum - 0.8) * (momentum - 0.8));
}

Space mixed_space() {
  Space space;
  const auto opt = space.categorical("opt", {"adam", "sgd", "rmsprop"});
  space.log_uniform("rate", 1e-5, 1.0);
  space.integer("units", 8, 128);
  space.when(opt, {"sgd"}).uniform("momentum", 0.0, 1.0);
  return space;
}

double mean_log_regret(bool bayesian, const Space& space, double (*loss)(const Configuration&), int trials) {
  double sum = 0.0;
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    RandomStrategy random(space);
    BayesianStrategy model(space, {});
    Strategy& strategy = bayesian ? static_cast<Strategy&>(model) : random;
    sum += std::log10(std::max(best_found(strategy, space, loss, trials, seed), 1e-6));
  }
  return sum / 3.0;
}

}  // namespace

TEST_CASE("Bayesian search beats random search by far on Branin") {
  Space space;
  space.uniform("x", -5.0, 10.0);
  space.uniform("y", 0.0, 15.0);
  const double model = mean_log_regret(true, space, branin, 30);
  CHECK(model < -2.5);
  CHECK(model < mean_log_regret(false, space, branin, 30) - 1.5);
}

TEST_CASE("and in a mixed, conditional space") {
  const Space space = mixed_space();
  const double model = mean_log_regret(true, space, mixed, 40);
  CHECK(model < mean_log_regret(false, space, mixed, 40) - 0.8);
}

TEST_CASE("every acquisition works, with and without input work") {
  Space space;
  space.uniform("x", -5.0, 10.0);
  space.uniform("y", 0.0, 15.0);
  for (const auto kind :
       {BayesianOptions::Maximize::kUcb, BayesianOptions::Maximize::kLogEi, BayesianOptions::Maximize::kAlternate}) {
    for (const bool warp : {false, true}) {
      BayesianStrategy strategy(space, {.initial = 5, .acquisition = kind, .beta = 1.8, .input_warp = warp});
      CHECK(best_found(strategy, space, branin, 30, 4) < 0.1);
    }
  }
}

TEST_CASE("pending trials are not proposed again, and nothing near them") {
  Space space;
  space.uniform("x", 0.0, 1.0);
  StudyBuilder builder(space, minimize("loss"), 3);
  for (const double x : {0.05, 0.2, 0.4, 0.6, 0.8, 0.95}) {
    builder.add({configuration_of(space, {{"x", x}}), {(x - 0.3) * (x - 0.3)}});
  }
  BayesianStrategy strategy(space, {});
  const Asked asked = strategy.ask(builder.view(), 4);
  REQUIRE(asked.configurations.size() == 4);
  for (std::size_t i = 0; i < 4; ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      CHECK(std::abs(number(asked.configurations[i], 0) - number(asked.configurations[j], 0)) > 1e-4);
    }
  }
}

TEST_CASE("a finite space is searched without repeats and then exhausted") {
  Space space;
  const auto kind = space.categorical("kind", {"a", "b"});
  space.integer("n", 1, 3);
  space.when(kind, {"b"}).integer("m", 0, 1);
  BayesianStrategy strategy(space, {});
  StudyBuilder builder(space);
  std::vector<Configuration> seen;
  for (int i = 0; i < 20; ++i) {
    const Asked asked = strategy.ask(builder.view(), 1);
    if (asked.exhausted) break;
    REQUIRE(asked.configurations.size() == 1);
    CHECK(std::find(seen.begin(), seen.end(), asked.configurations.front()) == seen.end());
    seen.push_back(asked.configurations.front());
    builder.add({seen.back(), {number(seen.back(), 1)}});
  }
  CHECK(seen.size() == 9);
  CHECK(strategy.ask(builder.view(), 2).exhausted);
}

TEST_CASE("what the model learns of each kind of end") {
  Space space;
  space.uniform("x", 0.0, 1.0);
  StudyBuilder builder(space, maximize("score"));
  const auto at = [&](double x) { return configuration_of(space, {{"x", x}}); };
  builder.add({at(0.1), {0.1, 0.5}});
  builder.add({at(0.2), {0.2, 0.9}});
  builder.add({at(0.3), {0.3}, TrialStatus::kStopped, "median"});
  builder.add({at(0.4), {0.9}, TrialStatus::kFailed});
  builder.add({at(0.5), {}, TrialStatus::kFailed, "", FailureClass::kOom});
  builder.add({at(0.6), {0.4, NAN}, TrialStatus::kStopped, "diverged"});
  builder.add({at(0.7), {0.4}, TrialStatus::kInProgress});
  const FeatureSpace features(space);
  const TrainingData data = collect_training_data(builder.view(), features, 100);
  CHECK(data.usable == 3);
  REQUIRE(data.observations.size() == 5);  // the plain failure and the running one are not there
  const auto& values = data.observations.values;
  CHECK(values[2] > values[0]);  // 0.3 + 0.55, not 0.3
  CHECK(values[2] < values[1]);
  CHECK(data.observations.noise[2] > 0.0);
  CHECK(data.observations.noise[0] == 0.0);
  CHECK(values[3] == values[4]);
  CHECK(values[3] < values.head(3).minCoeff());
  CHECK(data.best_points.front().front() == doctest::Approx(0.2));
  CHECK(collect_training_data(builder.view(), features, 1).observations.size() == 1);
}

TEST_CASE("features: constants have no column, a condition has one, inactive ones are neutral") {
  const Space space = mixed_space();
  const FeatureSpace features(space);
  REQUIRE(features.columns() == 5);
  CHECK(features.dimensions() == 4);
  const auto adam =
      features.row(configuration_of(space, {{"opt", std::string("adam")}, {"rate", 1e-3}, {"units", std::int64_t{8}}}));
  CHECK(adam[0] == 0.0);
  CHECK(adam[3] == 0.5);
  CHECK(adam[4] == 0.0);
  const auto sgd = features.row(
      configuration_of(space, {{"opt", std::string("sgd")}, {"rate", 1e-3}, {"units", std::int64_t{8}}, {"momentum", 0.9}}));
  CHECK(sgd[0] == 1.0);
  CHECK(sgd[3] == doctest::Approx(0.9));
  CHECK(sgd[4] == 1.0);
  Space constant;
  constant.uniform("c", 2.0, 2.0);
  constant.integer("n", 1, 4);
  CHECK(FeatureSpace(constant).columns() == 1);
}

TEST_CASE("two thousand trials are a subset for the model, not a wall") {
  Space space;
  space.uniform("x", 0.0, 1.0);
  StudyBuilder builder(space);
  RandomStrategy random(space);
  for (int i = 0; i < 2000; ++i) {
    const Configuration c = random.ask(builder.view(), 1).configurations.front();
    builder.add({c, {-std::abs(number(c, 0) - 0.37)}});
  }
  const TrainingData data = collect_training_data(builder.view(), FeatureSpace(space), 2000);
  CHECK(data.usable == 2000);
  CHECK(data.observations.size() == static_cast<Eigen::Index>(kMaxObservations));
  CHECK(data.observations.values.maxCoeff() > 0.0);
}
