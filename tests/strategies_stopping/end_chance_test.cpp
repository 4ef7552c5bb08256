#include "tune/end_chance.hpp"

#include <doctest/doctest.h>

#include "tests/support/study_builder.hpp"
#include "tune/registry.hpp"

namespace tune {
namespace {

using test::StudyBuilder;

/// Six completed curves of 10 steps that climb to their end, and one that was stopped after `step` on its way to `end`.
std::vector<EndChance> chances(double end, int step, double value, Goal goal = Goal::kMaximize) {
  Space space;
  space.uniform("x", 0.0, 1.0);
  Objective objective = maximize("score");
  objective.goal = goal;
  const double sign = goal == Goal::kMaximize ? 1.0 : -1.0;
  StudyBuilder builder(space, objective);
  const auto curve = [&](double to, int steps) {
    std::vector<double> values;
    for (int i = 1; i <= steps; ++i) values.push_back(sign * to * (0.5 + 0.05 * i));
    return values;
  };
  for (const double to : {0.2, 0.35, 0.5, 0.55, 0.7, 0.8})
    builder.add({test::configuration_of(space, {{"x", to}}), curve(to, 10)});
  const TrialId stopped =
      builder.add({test::configuration_of(space, {{"x", end}}), curve(end, step), TrialStatus::kStopped, "median"});
  return chances_to_beat(builder.view(), std::vector<TrialId>{stopped}, sign * value);
}

TEST_CASE("a weak trial has next to no chance to beat the best, a strong one a good one") {
  CHECK(chances(0.3, 5, 0.8).front().chance < 0.05);
  CHECK(chances(0.95, 5, 0.8).front().chance > 0.5);
  CHECK(chances(0.3, 5, 0.1).front().chance > 0.9);
  CHECK(chances(0.3, 5, 0.8).front().trial == 7);
}

TEST_CASE("the sign convention does not matter") {
  for (const double end : {0.3, 0.75, 0.95})
    CHECK(chances(end, 4, 0.8).front().chance == doctest::Approx(chances(end, 4, 0.8, Goal::kMinimize).front().chance));
}

TEST_CASE("without completed trials that got as far nothing is said") { CHECK(chances(0.5, 11, 0.8).empty()); }

TEST_CASE("auto audits one in twenty by default, no other rule does") {
  const Registry registry = builtin();
  CHECK(registry.find_policy("auto")->audit_share == 0.05);
  for (const auto& entry : registry.policies()) {
    if (entry.name != "auto") CHECK(entry.audit_share == 0.0);
  }
}

}  // namespace
}  // namespace tune
