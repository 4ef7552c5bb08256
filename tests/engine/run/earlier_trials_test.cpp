#include "engine/core/earlier_trials.hpp"

#include <doctest/doctest.h>

#include "engine/config/spec_json.hpp"
#include "tests/support/study_builder.hpp"

/// Which trials of an earlier study mean something in another one, and as what: the tables of docs/warm-start.md, row by row.
namespace {

using namespace tune;
using namespace tune::engine;
using tune::test::configuration_of;

using Values = std::vector<std::pair<std::string, Value>>;

StudySpec old_spec() {
  StudySpec spec;
  spec.name = "old";
  spec.objective = maximize("score");
  spec.space.log_uniform("rate", 1e-4, 1.0);
  spec.space.integer("layers", 1, 8);
  const auto kind = spec.space.categorical("kind", {"sgd", "adam"});
  spec.space.when(kind, {"sgd"}).uniform("momentum", 0.0, 1.0);
  spec.static_values = {{"batch", std::int64_t{32}}, {"depth", std::int64_t{3}}};
  spec.strategy = {"random", {}};
  return spec;
}

/// The old study with one completed trial for each configuration, of value 0, 1, ...
StudyState study_of(const StudySpec& spec, const std::vector<Values>& trials) {
  StudyState state;
  std::int64_t seq = 0;
  const auto apply = [&](event::Body body) {
    ++seq;
    const Status applied = state.apply({seq, 1, TimePoint(std::chrono::seconds(seq)), std::move(body)});
    REQUIRE_MESSAGE(applied.ok(), applied.message());
  };
  apply(event::StudyCreated{spec_to_json(spec)});
  for (std::size_t i = 0; i < trials.size(); ++i) {
    const auto trial = static_cast<TrialId>(i) + 1;
    apply(event::Proposed{trial, "old-1", trials[i], 0, "random", 0, std::nullopt});
    event::Ended ended;
    ended.id = {trial, 0};
    ended.value = static_cast<double>(i);
    apply(std::move(ended));
  }
  return state;
}

const Values kSgd{{"rate", 0.01}, {"layers", std::int64_t{4}}, {"kind", std::string("sgd")}, {"momentum", 0.5}};
const Values kAdam{{"rate", 0.1}, {"layers", std::int64_t{8}}, {"kind", std::string("adam")}};

StudySpec beginning_with(const StudySpec& spec, WarmStartType type) {
  StudySpec other = spec;
  other.name = "new";
  other.warm_start = WarmStart{{"/old"}, type};
  return other;
}

/// A spec like the old one with other parameters.
StudySpec changed(WarmStartType type, const std::function<void(Parameter&)>& change) {
  StudySpec spec = beginning_with(old_spec(), type);
  Space space;
  const StudySpec old = old_spec();
  for (Parameter parameter : old.space.parameters()) {
    change(parameter);
    space.add(std::move(parameter));
  }
  REQUIRE_MESSAGE(space.status().ok(), space.status().message());
  spec.space = space;
  return spec;
}

constexpr auto kIdentical = WarmStartType::kIdentical;
constexpr auto kTransfer = WarmStartType::kTransfer;

/// The numbers of the trials that are taken.
std::vector<TrialId> taken(const StudySpec& spec, const std::vector<Values>& trials = {kSgd, kAdam}) {
  std::vector<TrialId> ids;
  const auto earlier = take_trials(study_of(old_spec(), trials), spec, 2);
  for (const EarlierTrial& trial : earlier.trials) {
    CHECK(trial.study == 2);
    CHECK(trial.value == static_cast<double>(trial.trial - 1));
    if (spec.warm_start->type == kIdentical) CHECK(spec.space.check(trial.configuration).ok());
    ids.push_back(trial.trial);
  }
  return ids;
}

const std::vector<TrialId> kBoth{1, 2};
const std::vector<TrialId> kFirst{1};
const std::vector<TrialId> kNone{};

}  // namespace

TEST_CASE("the same space: everything is taken as it is") {
  for (const WarmStartType type : {kIdentical, kTransfer}) {
    const StudySpec spec = beginning_with(old_spec(), type);
    const TakenTrials found = take_trials(study_of(old_spec(), {kSgd, kAdam}), spec, 0);
    REQUIRE(found.trials.size() == 2);
    CHECK(found.why.empty());
    CHECK(found.trials[0].configuration == configuration_of(spec.space, kSgd));
    CHECK(found.trials[1].configuration == configuration_of(spec.space, kAdam));
    CHECK(found.trials[1].completed);
  }
}

TEST_CASE("a value outside the new range, a category that is gone: the trial is left out") {
  for (const WarmStartType type : {kIdentical, kTransfer}) {
    CHECK(taken(changed(type, [](Parameter& one) { one.name == "rate" ? void(one.max = 0.05) : void(); })) == kFirst);
    CHECK(taken(changed(type, [](Parameter& one) { one.name == "layers" ? void(one.max = 16) : void(); })) == kBoth);
    CHECK(taken(changed(type, [](Parameter& one) {
            if (one.name == "kind") one.values = {std::string("sgd"), std::string("nag")};
          })) == kFirst);
    CHECK(taken(changed(type, [](Parameter& one) { one.name == "rate" ? void(one.min = 0.5) : void(); })) == kNone);
  }
}

TEST_CASE("a value off the new grid: left out, or moved to the nearest") {
  const auto grid = [](Parameter& one) {
    if (one.name == "layers") one.step = 3.0;  // 1, 4, 7
  };
  CHECK(taken(changed(kIdentical, grid)) == kFirst);
  const TakenTrials moved = take_trials(study_of(old_spec(), {kSgd, kAdam}), changed(kTransfer, grid), 0);
  REQUIRE(moved.trials.size() == 2);
  CHECK(moved.trials[1].configuration[1] == Value(std::int64_t{7}));
}

TEST_CASE("a number is a number to transfer, whatever its type") {
  const auto real = [](Parameter& one) {
    if (one.name != "layers") return;
    one.type = ParameterType::kFloat;
    one.scale = Scale::kLinear;
  };
  const TakenTrials found = take_trials(study_of(old_spec(), {kSgd}), changed(kTransfer, real), 0);
  REQUIRE(found.trials.size() == 1);
  CHECK(found.trials[0].configuration[1] == Value(4.0));
}

TEST_CASE("a parameter that the earlier study did not have has no value in transfer") {
  StudySpec spec = beginning_with(old_spec(), kTransfer);
  spec.space.uniform("dropout", 0.0, 1.0);
  const TakenTrials found = take_trials(study_of(old_spec(), {kSgd}), spec, 0);
  REQUIRE(found.trials.size() == 1);
  CHECK_FALSE(found.trials[0].configuration[4].has_value());
  CHECK(found.trials[0].configuration[3] == Value(0.5));
  StudySpec other = spec;
  other.space = Space();
  other.space.uniform("dropout", 0.0, 1.0);
  const TakenTrials nothing = take_trials(study_of(old_spec(), {kSgd}), other, 0);
  CHECK(nothing.trials.empty());
  CHECK(nothing.why == "trial 1: it has no parameter of this study");
}

TEST_CASE("a parameter that has become static: the trials that had its value, or all in transfer") {
  for (const WarmStartType type : {kIdentical, kTransfer}) {
    StudySpec spec = beginning_with(old_spec(), type);
    spec.space = Space();
    const StudySpec old = old_spec();
    for (const Parameter& parameter : old.space.parameters()) {
      if (parameter.name != "layers") spec.space.add(parameter);
    }
    spec.static_values.emplace_back("layers", std::int64_t{4});
    CHECK(taken(spec) == (type == kIdentical ? kFirst : kBoth));
  }
}

TEST_CASE("a static value that has become a parameter is its value; one that differs is no obstacle") {
  for (const WarmStartType type : {kIdentical, kTransfer}) {
    StudySpec spec = beginning_with(old_spec(), type);
    spec.static_values = {{"batch", std::int64_t{64}}};
    spec.space.integer("depth", 1, 9);
    const TakenTrials found = take_trials(study_of(old_spec(), {kSgd}), spec, 0);
    REQUIRE(found.trials.size() == 1);
    CHECK(found.trials[0].configuration[4] == Value(std::int64_t{3}));
    spec.space = old_spec().space;
    spec.space.integer("depth", 4, 9);
    CHECK(taken(spec, {kSgd}) == kNone);
  }
}

TEST_CASE("conditions that changed: left out, or as far as they go") {
  const auto unconditional = [](Parameter& one) { one.when.reset(); };
  CHECK(taken(changed(kIdentical, unconditional)) == kFirst);
  const TakenTrials found = take_trials(study_of(old_spec(), {kSgd, kAdam}), changed(kTransfer, unconditional), 0);
  REQUIRE(found.trials.size() == 2);
  CHECK_FALSE(found.trials[1].configuration[3].has_value());

  const auto other_branch = [](Parameter& one) {
    if (one.when) one.when->values = {std::string("adam")};
  };
  CHECK(taken(changed(kIdentical, other_branch)) == kNone);  // momentum is inactive for the one and missing for the other
  CHECK(taken(changed(kTransfer, other_branch)) == kBoth);
}

TEST_CASE("what a trial's end is worth: values, infeasible ones, nothing") {
  StudyState state = study_of(old_spec(), {kSgd});
  std::int64_t seq = state.record().seq;
  const auto end = [&](const std::function<void(event::Ended&)>& set) {
    const auto trial = static_cast<TrialId>(state.record().trials.size()) + 1;
    REQUIRE(state.apply({++seq, 1, {}, event::Proposed{trial, "old-x", kAdam, 0, "random", 0, std::nullopt}}).ok());
    event::Ended ended;
    ended.id = {trial, 0};
    set(ended);
    REQUIRE(state.apply({++seq, 1, {}, ended}).ok());
  };
  end([](event::Ended& ended) {
    ended.status = TrialStatus::kStopped;
    ended.stop_reason = "median";
    ended.value = 0.25;
  });
  end([](event::Ended& ended) {
    ended.status = TrialStatus::kStopped;
    ended.stop_reason = "diverged";
  });
  end([](event::Ended& ended) {
    ended.status = TrialStatus::kFailed;
    ended.failure = FailureClass::kOom;
  });
  end([](event::Ended& ended) {
    ended.status = TrialStatus::kFailed;
    ended.failure = FailureClass::kUserError;
  });
  end([](event::Ended& ended) {
    ended.status = TrialStatus::kStopped;
    ended.stop_reason = "user";
  });
  const TakenTrials found = take_trials(state, beginning_with(old_spec(), kIdentical), 0);
  CHECK(found.without_result == 2);
  REQUIRE(found.trials.size() == 4);
  CHECK(found.trials[0].completed);
  CHECK(found.trials[1].value == 0.25);
  CHECK_FALSE(found.trials[1].completed);
  for (const std::size_t i : {2U, 3U}) {
    CHECK(found.trials[i].infeasible);
    CHECK_FALSE(found.trials[i].value);
  }
}
