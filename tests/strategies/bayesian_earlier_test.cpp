#include "strategies/bayesian/earlier.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "strategies/bayesian/bayesian_strategy.hpp"
#include "tests/support/study_builder.hpp"
#include "tune/random.hpp"

using namespace tune;
using namespace tune::strategies;
using namespace tune::test;

namespace {

double number(const Configuration& configuration, std::size_t index) { return as_number(*configuration[index]); }

/// Least, 0, at (0.3, 0.7).
double bowl(const Configuration& c) { return std::pow(number(c, 0) - 0.3, 2) + 2.0 * std::pow(number(c, 1) - 0.7, 2); }

Space square() {
  Space space;
  space.uniform("x", 0.0, 1.0);
  space.uniform("y", 0.0, 1.0);
  return space;
}

/// A study that begins with one of `trials` random trials, whose values are `value_of` the bowl's.
StudyBuilder begun(WarmStartType type, int trials, double (*value_of)(double)) {
  const Space space = square();
  StudyBuilder builder(space, minimize("loss"), 8);
  EarlierStudy study;
  study.type = type;
  builder.record().earlier_studies.push_back(study);
  RandomStream draw(4, trials, "earlier");
  for (int i = 0; i < trials; ++i) {
    EarlierTrial trial;
    trial.trial = i + 1;
    trial.configuration = configuration_of(space, {{"x", draw.uniform()}, {"y", draw.uniform()}});
    trial.value = value_of(bowl(trial.configuration));
    trial.completed = true;
    builder.record().earlier_trials.push_back(trial);
  }
  return builder;
}

double same(double value) { return value; }
double other_scale(double value) { return 7.0 + 1000.0 * std::sqrt(value); }
double opposite(double value) { return -value; }

/// Best of `trials` proposals, one after the other.
double best_of(StudyBuilder& builder, int trials) {
  BayesianStrategy strategy(square(), {});
  double best = INFINITY;
  for (int i = 0; i < trials; ++i) {
    const Asked asked = strategy.ask(builder.view(), 1);
    REQUIRE(asked.configurations.size() == 1);
    CHECK(BayesianStrategy(square(), {}).ask(builder.view(), 1).configurations == asked.configurations);
    const double value = bowl(asked.configurations.front());
    best = std::min(best, value);
    builder.add({asked.configurations.front(), {value}});
  }
  return best;
}

}  // namespace

TEST_CASE("trials of an identical study are as good as own ones: no initial design") {
  StudyBuilder builder = begun(WarmStartType::kIdentical, 20, same);
  CHECK(best_of(builder, 3) < 1e-3);
  StudyBuilder alone(square(), minimize("loss"), 8);
  CHECK(best_of(alone, 3) > 1e-2);
}

TEST_CASE("of a transfer study only the order counts: its best first, then what its trend says") {
  StudyBuilder builder = begun(WarmStartType::kTransfer, 25, other_scale);
  const auto& trials = builder.record().earlier_trials;
  const auto best =
      std::min_element(trials.begin(), trials.end(), [](const auto& a, const auto& b) { return *a.value < *b.value; });
  BayesianStrategy strategy(square(), {});
  CHECK(strategy.learns_from_earlier());
  CHECK(strategy.ask(builder.view(), 1).configurations.front() == best->configuration);
  CHECK(best_of(builder, 4) < 3e-3);
}

TEST_CASE("a misleading transfer study is overruled") {
  StudyBuilder builder = begun(WarmStartType::kTransfer, 25, opposite);
  CHECK(best_of(builder, 30) < 1e-2);
}

TEST_CASE("the weight of a trend: one without values, kept by agreement, lost by contradiction") {
  Eigen::VectorXd trend(40);
  for (Eigen::Index i = 0; i < trend.size(); ++i) trend[i] = std::sin(0.7 * static_cast<double>(i));
  CHECK(trend_weight(Eigen::VectorXd(0), Eigen::VectorXd(0)) == 1.0);
  constexpr double kFade = 10.0 / (10.0 + 40.0);
  CHECK(trend_weight(trend, trend) == doctest::Approx(kFade));
  CHECK(trend_weight(trend, -trend) == 0.0);
  CHECK(trend_weight(trend, 10.0 * trend) == doctest::Approx(1.5 * kFade));
  CHECK(trend_weight(trend, Eigen::VectorXd::Zero(40)) ==
        doctest::Approx(kFade * 3.0 / (trend.squaredNorm() + 3.0)).epsilon(0.05));
}

TEST_CASE("a transfer trial without a value of some parameter counts as its middle; failed ones and few trials do no harm") {
  StudyBuilder builder = begun(WarmStartType::kTransfer, 3, same);
  builder.record().earlier_trials[0].configuration = Configuration(2);
  builder.record().earlier_trials[1].value.reset();
  builder.record().earlier_trials[1].infeasible = true;
  const Asked few = BayesianStrategy(square(), {}).ask(builder.view(), 3);
  CHECK(few.configurations.size() == 3);
  StudyBuilder more = begun(WarmStartType::kTransfer, 12, same);
  for (EarlierTrial& trial : more.record().earlier_trials) trial.value = 1.0;  // all equal
  more.record().earlier_trials[3].configuration = Configuration(2);
  const Asked equal = BayesianStrategy(square(), {}).ask(more.view(), 3);
  REQUIRE(equal.configurations.size() == 3);
  for (const Configuration& one : equal.configurations) CHECK(square().check(one).ok());
}

TEST_CASE("a user's belief leads the start and gives way to evidence") {
  Space space;
  Parameter x;
  x.name = "x";
  x.min = 0.0;
  x.max = 1.0;
  x.prior = Prior{0.2, Confidence::kHigh};
  space.add(x);
  REQUIRE_MESSAGE(space.status().ok(), space.status().message());
  StudyBuilder builder(space, minimize("loss"), 2);
  BayesianStrategy strategy(space, {});
  int near = 0;
  double best = INFINITY;
  for (int i = 0; i < 30; ++i) {
    const Configuration proposed = strategy.ask(builder.view(), 1).configurations.front();
    const double at = number(proposed, 0);
    if (i < 5 && std::abs(at - 0.2) < 0.25) ++near;
    const double value = std::pow(at - 0.85, 2);
    best = std::min(best, value);
    builder.add({proposed, {value}});
  }
  CHECK(near >= 4);    // the initial design is drawn from the belief: two deviations hold 95 %
  CHECK(best < 1e-3);  // and yet the truth is found
}

TEST_CASE("outlooks: unknown before there is a model, then less and less is expected") {
  StudyBuilder builder(square(), minimize("loss"), 5);
  BayesianStrategy strategy(square(), {});
  std::vector<Outlook> outlooks;
  for (int i = 0; i < 26; ++i) {
    const Asked asked = strategy.ask(builder.view(), 1);
    REQUIRE(asked.outlooks.size() == 1);
    outlooks.push_back(asked.outlooks.front());
    builder.add({asked.configurations.front(), {bowl(asked.configurations.front())}});
  }
  CHECK(std::isnan(outlooks.front().expected_improvement));
  CHECK(outlooks[8].expected_improvement > 0.01);
  for (const Outlook& late : {outlooks[23], outlooks[24], outlooks[25]}) {
    CHECK(late.expected_improvement >= 0.0);
    CHECK(late.expected_improvement < 0.01);
    CHECK(late.regret_bound < outlooks[8].regret_bound);
    CHECK(late.regret_bound >= 0.0);
    CHECK(late.noise >= 0.0);
  }
}
