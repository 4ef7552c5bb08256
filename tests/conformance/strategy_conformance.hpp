#pragma once

#include <doctest/doctest.h>

#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/study_builder.hpp"
#include "tune/random.hpp"
#include "tune/strategy.hpp"

/// What every Strategy must do, ours and a user's own: valid proposals in any space after any history, and purity.
/// Call `check_strategy_conforms` from a doctest case.
namespace tune::test {

using MakeStrategy = std::function<std::unique_ptr<Strategy>(const Space&)>;

/// A valid space of one to five parameters of any kind, degenerate ones included; the same for the same number.
inline Space conformance_space(std::int64_t number) {
  RandomStream draw(11, number, "conformance-space");
  Space space;
  const std::size_t count = 1 + draw.below(5);
  for (std::size_t i = 0; i < count; ++i) {
    Parameter parameter;
    parameter.name = "p" + std::to_string(i);
    switch (draw.below(8)) {
      case 0:
        parameter.min = -3.0;
        parameter.max = 8.0;
        break;
      case 1:
        parameter.min = 1e-6;
        parameter.max = 1.0;
        break;  // auto: log
      case 2:
        parameter.min = 0.0;
        parameter.max = 0.999;
        parameter.scale = Scale::kReverseLog;
        break;
      case 3:
        parameter.type = ParameterType::kInt;
        parameter.min = 1;
        parameter.max = 300;
        parameter.scale = Scale::kLog;
        break;
      case 4:
        parameter.type = ParameterType::kInt;
        parameter.min = -2;
        parameter.max = 2;
        break;
      case 5:
        parameter.min = 0.1;
        parameter.max = 1.0;
        parameter.step = 0.25;
        break;
      case 6:
        parameter.min = parameter.max = 4.5;
        break;  // a constant
      default:
        parameter.type = ParameterType::kCategorical;
        parameter.values = {std::string("a"), std::string("b"), true, 7.5};
    }
    for (std::size_t parent = 0; parent < i && !parameter.when; ++parent) {
      if (space[parent].is_numeric() || space[parent].when || draw.below(2) == 0) continue;
      parameter.when = Condition{space[parent].name, {space[parent].values[draw.below(4)]}};
    }
    space.add(std::move(parameter));
  }
  REQUIRE(space.status().ok());
  return space;
}

/// How the trials of a conformance study end.
enum class Outcomes { kSmooth, kAllEqual, kHuge, kAllFailed, kMixed };

/// A trial's outcome, drawn from (number, trial): completed, stopped early, failed, out of memory, diverged or still running.
inline TrialSketch conformance_outcome(const Configuration& configuration, std::int64_t number, TrialId trial,
                                       Outcomes outcomes) {
  RandomStream draw(12, number * 1000 + trial, "conformance-outcome");
  TrialSketch sketch;
  sketch.configuration = configuration;
  const double level = outcomes == Outcomes::kAllEqual ? 0.5
                       : outcomes == Outcomes::kHuge   ? (draw.uniform() - 0.5) * 3e300
                                                       : draw.normal();
  for (int step = 1; step <= 4; ++step) {
    sketch.curve.push_back(outcomes == Outcomes::kAllEqual || outcomes == Outcomes::kHuge ? level : level - 1.0 / step);
  }
  if (outcomes == Outcomes::kAllFailed) {
    sketch.curve.clear();
    sketch.status = TrialStatus::kFailed;
    if (draw.below(2) == 0) sketch.failure = FailureClass::kOom;
  }
  if (outcomes != Outcomes::kMixed) return sketch;
  switch (draw.below(7)) {
    case 0:
      sketch.status = TrialStatus::kFailed;
      break;
    case 1:
      sketch.status = TrialStatus::kFailed;
      sketch.failure = FailureClass::kOom;
      sketch.curve.clear();
      break;
    case 2:
      sketch.status = TrialStatus::kStopped;
      sketch.stop_reason = "diverged";
      sketch.curve.back() = std::numeric_limits<double>::quiet_NaN();
      break;
    case 3:
      sketch.status = TrialStatus::kStopped;
      sketch.stop_reason = "median";
      sketch.curve.resize(1 + draw.below(2));
      break;
    case 4:
      sketch.status = TrialStatus::kInProgress;
      break;
    default:
      break;
  }
  return sketch;
}

inline void check_valid(const Space& space, const Asked& asked, int count) {
  REQUIRE(asked.configurations.size() <= static_cast<std::size_t>(count));
  REQUIRE((asked.outlooks.empty() || asked.outlooks.size() == asked.configurations.size()));
  for (const Configuration& configuration : asked.configurations) {
    const Status valid = space.check(configuration);
    REQUIRE_MESSAGE(valid.ok(), valid.message());
  }
}

/// One study from its first proposal on: every answer valid, the same from a fresh instance, and a batch the same as one by one.
inline void check_one_study(const MakeStrategy& make, std::int64_t number, Outcomes outcomes, int trials) {
  const Space space = conformance_space(number);
  const std::string shown = "space " + std::to_string(number) + ", outcomes " + std::to_string(static_cast<int>(outcomes));
  CAPTURE(shown);
  const auto kept = make(space);
  REQUIRE(kept != nullptr);
  CHECK_FALSE(kept->name().empty());
  StudyBuilder builder(space, number % 2 == 0 ? maximize("score") : minimize("loss"), 100 + static_cast<std::uint64_t>(number));
  for (int i = 0; i < trials; ++i) {
    const Asked asked = kept->ask(builder.view(), 1);
    check_valid(space, asked, 1);
    CHECK(make(space)->ask(builder.view(), 1).configurations == asked.configurations);
    if (asked.configurations.empty()) {
      // Either for ever, or until an event: then something must be running.
      CHECK((asked.exhausted || builder.view().running_count() > 0));
      if (asked.exhausted) CHECK(kept->ask(builder.view(), 3).configurations.empty());
      break;
    }
    const TrialSketch sketch = conformance_outcome(asked.configurations.front(), number, builder.view().next_trial(), outcomes);
    const TrialId id = builder.add(sketch);
    if (builder.record().trial(id).finished()) kept->tell(builder.view().trial(id));
  }
  constexpr int kBatch = 3;
  const Asked batch = make(space)->ask(builder.view(), kBatch);
  check_valid(space, batch, kBatch);
  StudyBuilder other(space, maximize("score"), 5);  // calls about another study leave no trace
  (void)kept->ask(other.view(), 2);
  CHECK(kept->ask(builder.view(), kBatch).configurations == batch.configurations);
  std::vector<Configuration> one_by_one;
  for (int i = 0; i < kBatch; ++i) {
    const Asked asked = kept->ask(builder.view(), 1);
    if (asked.configurations.empty()) break;
    one_by_one.push_back(asked.configurations.front());
    builder.propose(one_by_one.back());
  }
  CHECK(one_by_one == batch.configurations);
}

/// The whole suite. `trials` a study: enough for the strategy to leave its initial design.
inline void check_strategy_conforms(const MakeStrategy& make, int spaces = 12, int trials = 16) {
  for (std::int64_t number = 0; number < spaces; ++number) {
    check_one_study(make, number, Outcomes::kMixed, trials);
    check_one_study(make, number, static_cast<Outcomes>(number % 4), trials);
  }
}

}  // namespace tune::test
