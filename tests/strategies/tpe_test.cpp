#include "strategies/tpe/tpe_strategy.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <functional>

#include "strategies/random_strategy.hpp"
#include "tests/support/study_builder.hpp"

using namespace tune;
using namespace tune::strategies;
using namespace tune::test;

namespace {

double number(const Configuration& configuration, std::size_t index) { return as_number(*configuration[index]); }

using Function = std::function<double(const Configuration&)>;

/// The best value of a study of `trials` trials, to be minimised.
double best_of(Strategy& strategy, const Space& space, const Function& f, std::uint64_t seed, int trials) {
  StudyBuilder builder(space, minimize("loss"), seed);
  double best = INFINITY;
  for (int i = 0; i < trials; ++i) {
    const Configuration configuration = strategy.ask(builder.view(), 1).configurations.at(0);
    const double value = f(configuration);
    best = std::min(best, value);
    builder.add({configuration, {value}});
  }
  return best;
}

/// How many decades lower TPE's regret is than random search's, in the mean over seeds.
double decades_gained(const Space& space, const Function& f, int trials) {
  constexpr int kSeeds = 6;
  double gained = 0.0;
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    TpeStrategy tpe(space, {});
    RandomStrategy random(space);
    gained += std::log10(best_of(random, space, f, seed, trials)) - std::log10(best_of(tpe, space, f, seed, trials));
  }
  return gained / kSeeds;
}

/// A study in which 30 random trials of x^2 have ended.
StudyBuilder parabola(const Space& space, std::uint64_t seed) {
  StudyBuilder builder(space, minimize("loss"), seed);
  RandomStrategy random(space);
  for (int i = 0; i < 30; ++i) {
    const Configuration one = random.ask(builder.view(), 1).configurations[0];
    builder.add({one, {std::pow(number(one, 0) - 0.5, 2)}});
  }
  return builder;
}

}  // namespace

TEST_CASE("the better tenth is good; what was stopped counts as predicted, what broke down is bad, what failed is left out") {
  Space space;
  space.uniform("x", 0.0, 1.0);
  StudyBuilder builder(space, maximize("score"));
  const Configuration any = configuration_of(space, {{"x", 0.5}});
  builder.add({any, {0.1, 0.2}});
  builder.add({any, {0.5, 0.9}});
  builder.add({any, {0.7}, TrialStatus::kStopped, "median"});  // the others gained 0.1 and 0.4 after step 1: predicted 0.95
  builder.add({any, {0.95, NAN}, TrialStatus::kStopped, "diverged"});
  builder.add({any, {}, TrialStatus::kFailed});
  builder.add({any, {}, TrialStatus::kFailed, "", FailureClass::kOom});
  builder.add({any, {0.99}, TrialStatus::kInProgress});
  CHECK(split_trials(builder.view(), 0.1, 25).good == std::vector<TrialId>{3});
  CHECK(split_trials(builder.view(), 0.1, 25).bad == std::vector<TrialId>{1, 2, 4, 6});
  CHECK(split_trials(builder.view(), 0.3, 25).good == std::vector<TrialId>{2, 3});
  CHECK(split_trials(builder.view(), 0.3, 1).good == std::vector<TrialId>{3});
  CHECK(split_trials(builder.view(), 1.0, 25).bad == std::vector<TrialId>{4, 6});
  builder.record().objective.goal = Goal::kMinimize;
  CHECK(split_trials(builder.view(), 0.1, 25).good == std::vector<TrialId>{1});

  StudyBuilder equal(space, minimize("loss"));
  for (int i = 0; i < 30; ++i) equal.add({any, {1.0}});
  CHECK(split_trials(equal.view(), 0.1, 25).good == std::vector<TrialId>{1, 2, 3});
}

TEST_CASE("a paused trial with a number counts as a stopped one; one without is pending") {
  Space space;
  space.uniform("x", 0, 1);
  StudyBuilder builder(space, minimize("loss"));
  for (int i = 0; i < 10; ++i) {
    std::vector<double> curve;
    if (i > 0) curve.push_back(10.0 - i);
    Configuration configuration(1);
    configuration[0] = i / 10.0;
    const TrialId trial = builder.add({.configuration = configuration, .curve = curve, .status = TrialStatus::kInProgress});
    if (i < 9) builder.record().trials[static_cast<std::size_t>(trial - 1)].secondary = SecondaryStatus::kPaused;
  }
  const TrialSplit split = split_trials(builder.view(), 0.2, 25);
  CHECK(split.good == std::vector<TrialId>{8, 9});
  CHECK(split.bad == std::vector<TrialId>{2, 3, 4, 5, 6, 7});
}

TEST_CASE("the newest 25 trials have full weight, older ones less") {
  CHECK(age_weights(0).empty());
  CHECK(age_weights(25) == std::vector<double>(25, 1.0));
  CHECK(age_weights(26).front() == doctest::Approx(1.0 / 26.0));
  CHECK(age_weights(26)[1] == 1.0);
  const auto weights = age_weights(100);
  REQUIRE(weights.size() == 100);
  CHECK(weights.front() == doctest::Approx(0.01));
  CHECK(weights[74] == 1.0);
  for (std::size_t i = 1; i < weights.size(); ++i) CHECK(weights[i] >= weights[i - 1]);
}

TEST_CASE("TPE finds much better configurations than random search") {
  Space smooth;
  for (const char* name : {"a", "b", "c", "d"}) smooth.uniform(name, 0.0, 1.0);
  const Function bowl = [](const Configuration& c) {
    double sum = 0.0;
    for (std::size_t i = 0; i < 4; ++i) sum += std::pow(number(c, i) - 0.2 * static_cast<double>(i + 1), 2);
    return sum;
  };
  const double gained_smooth = decades_gained(smooth, bowl, 100);
  MESSAGE("bowl: " << gained_smooth);
  CHECK(gained_smooth > 0.4);

  Space mixed;
  const auto optimizer = mixed.categorical("optimizer", {"sgd", "adam", "lion", "nag"});
  mixed.log_uniform("rate", 1e-6, 1.0);
  mixed.integer("layers", 1, 20, Scale::kLinear);
  mixed.when(optimizer, {"sgd", "nag"}).reverse_log_uniform("momentum", 0.0, 0.999);
  const Function training = [](const Configuration& c) {
    double loss = 0.01 + std::pow(std::log10(number(c, 1)) + 2.5, 2) + 0.02 * std::pow(number(c, 2) - 14.0, 2);
    if (c[3]) loss += 2.0 * std::pow(std::log10(1.0 - number(c, 3)) + 1.0, 2);
    return loss + (*c[0] == Value(std::string("nag")) ? 0.0 : 0.5);
  };
  const double gained_mixed = decades_gained(mixed, training, 80);
  MESSAGE("mixed: " << gained_mixed);
  CHECK(gained_mixed > 0.3);
}

TEST_CASE("nothing is proposed twice, and a finite space is used up") {
  Space space;
  const auto kind = space.categorical("kind", {"a", "b"});
  space.integer("n", 1, 5, Scale::kLinear);
  space.when(kind, {"b"}).integer("m", 1, 3, Scale::kLinear);
  TpeStrategy tpe(space, {});
  StudyBuilder builder(space, minimize("loss"), 3);
  std::vector<Configuration> seen;
  for (;;) {
    const Asked asked = tpe.ask(builder.view(), 1);
    if (asked.configurations.empty()) {
      CHECK(asked.exhausted);
      break;
    }
    const Configuration& one = asked.configurations[0];
    CHECK(std::find(seen.begin(), seen.end(), one) == seen.end());
    seen.push_back(one);
    REQUIRE(seen.size() <= 20);
    builder.add({one, {number(one, 1)}});
  }
  CHECK(seen.size() == 20);
}

TEST_CASE("running trials keep proposals away unless the liar is off") {
  Space space;
  space.uniform("x", 0.0, 1.0);
  double with = 0.0;
  double without = 0.0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    StudyBuilder builder = parabola(space, seed);
    const Configuration running = configuration_of(space, {{"x", 0.5}});
    for (int i = 0; i < 4; ++i) builder.propose(running);
    TpeOptions silent;
    silent.constant_liar = false;
    with += std::abs(number(TpeStrategy(space, {}).ask(builder.view(), 1).configurations[0], 0) - 0.5);
    without += std::abs(number(TpeStrategy(space, silent).ask(builder.view(), 1).configurations[0], 0) - 0.5);
  }
  CHECK(with > 1.5 * without);
}

TEST_CASE("a belief leads at first and is outweighed by evidence") {
  Space space;
  const auto x = space.uniform("x", 0.0, 1.0);
  space.prior(x, 0.95, Confidence::kHigh);
  TpeStrategy tpe(space, {});
  StudyBuilder empty(space, minimize("loss"), 1);
  double start = 0.0;
  for (const Configuration& one : tpe.ask(empty.view(), 10).configurations) start += number(one, 0) / 10.0;
  CHECK(start > 0.8);
  CHECK(best_of(
            tpe, space, [](const Configuration& c) { return std::abs(number(c, 0) - 0.2); }, 2, 60) < 0.02);
}

TEST_CASE("until enough trials have ended the points are a Sobol sequence, however many run") {
  Space space;
  space.uniform("x", 0.0, 1.0);
  TpeOptions options;
  options.startup = 4;
  TpeStrategy tpe(space, options);
  StudyBuilder builder(space, minimize("loss"), 1);
  const Asked first = tpe.ask(builder.view(), 16);
  int below = 0;
  for (const Configuration& one : first.configurations) below += number(one, 0) < 0.5;
  CHECK(below == 8);
  for (const Configuration& one : first.configurations) builder.propose(one);
  for (TrialId trial = 1; trial <= 3; ++trial) builder.observe(trial, 1, 0.5).finish(trial);
  CHECK(tpe.ask(builder.view(), 1).configurations == TpeStrategy(space, {}).ask(builder.view(), 1).configurations);
  builder.observe(4, 1, 0.25).finish(4);
  CHECK(tpe.ask(builder.view(), 1).configurations != TpeStrategy(space, {}).ask(builder.view(), 1).configurations);
}
