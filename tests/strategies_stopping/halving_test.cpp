#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <string>

#include "strategies/stopping/rungs.hpp"
#include "tests/strategies_stopping/median_support.hpp"
#include "tune/random.hpp"

/// `asha` and `hyperband` as docs/early-stopping.md defines them, against a slow oracle written from there.
namespace tune::test {
namespace {

using Curve = std::vector<double>;
using strategies::RungOptions;
using strategies::Rungs;

std::unique_ptr<StoppingPolicy> rule(std::string_view name, const Options& given = {}) { return make_rule(name, given).value(); }

/// The steps at which a trial of the bracket is looked at, by the words of the documentation.
std::vector<double> rungs_by_hand(double first, double factor, double max_step, int bracket) {
  std::vector<double> steps;
  for (double step = first; step < max_step - 1e-9; step *= factor) steps.push_back(step);
  steps.erase(steps.begin(), steps.begin() + std::min<std::ptrdiff_t>(bracket, std::ssize(steps)));
  return steps;
}

/// A history of several trials at once, event by event, that can be made again with other values or in another order.
struct History {
  struct Event {
    TrialId trial = 0;
    std::int64_t step = 0;  ///< 0: it ends
    double value = 0.0;
  };
  std::vector<Event> events;
  std::int64_t trials = 0;
};

constexpr std::int64_t kSteps = 12;

/// Three at a time, of uneven speed; ties, NaN, infinities and missing steps; some end early.
History random_history(std::uint64_t seed) {
  RandomStream random(seed, 1, "history");
  History history;
  history.trials = 4 + static_cast<std::int64_t>(random.below(20));
  std::map<TrialId, std::int64_t> running;
  TrialId next = 1;
  while (next <= history.trials || !running.empty()) {
    if (next <= history.trials && running.size() < 3) running[next++] = 0;
    auto at = running.begin();
    std::advance(at, static_cast<std::ptrdiff_t>(random.below(running.size())));
    auto& [trial, step] = *at;
    step += random.below(8) == 0 ? 2 : 1;
    double value = static_cast<double>(random.below(6)) / 4.0;  // few values: many ties
    if (random.below(20) == 0) value = std::nan("");
    if (random.below(30) == 0) value = std::numeric_limits<double>::infinity() * (random.below(2) == 0 ? 1 : -1);
    if (step <= kSteps) history.events.push_back({trial, step, value});
    if (step < kSteps && random.below(25) != 0) continue;
    history.events.push_back({trial, 0, 0.0});
    running.erase(at);
  }
  return history;
}

using Seen = std::map<std::pair<TrialId, std::int64_t>, std::string>;

/// What the rule says at every observation as it comes, by trial and step.
Seen judged(const StoppingPolicy& rule, const History& history, Goal goal, double sign) {
  StudyBuilder study = curves(goal);
  study.record().declared_max_step = kSteps;
  for (std::int64_t i = 0; i < history.trials; ++i) study.propose({});
  Seen decisions;
  for (const History::Event& event : history.events) {
    if (event.step == 0) {
      study.finish(event.trial);
      continue;
    }
    study.observe(event.trial, event.step, sign * event.value);
    const Decision decision = rule.judge(study.view(), study.cut(event.trial, event.step));
    decisions[{event.trial, event.step}] = std::string(to_string(decision.kind));
  }
  return decisions;
}

/// The oracle: what others have left is collected event by event, and the better ones are counted.
Seen by_hand(const History& history, const Rungs& layout, double first, double factor) {
  struct At {
    TrialId trial;
    double value;
  };
  std::map<std::pair<std::size_t, double>, std::vector<At>> left;  // by bracket and rung
  Seen decisions;
  for (const History::Event& event : history.events) {
    if (event.step == 0) continue;
    std::string& decision = decisions[{event.trial, event.step}];
    decision = "continue";
    const std::size_t bracket = layout.bracket_of(1, event.trial);
    double rung = 0.0;
    for (const double step : rungs_by_hand(first, factor, kSteps, static_cast<int>(bracket))) {
      if (step <= static_cast<double>(event.step)) rung = step;
    }
    auto& values = left[{bracket, rung}];
    const bool been_there = std::ranges::any_of(values, [&](const At& one) { return one.trial == event.trial; });
    if (rung == 0.0 || been_there || event.step == kSteps) {
      if (rung != 0.0 && !been_there) values.push_back({event.trial, event.value});
      continue;
    }
    values.push_back({event.trial, event.value});
    const auto better = std::ranges::count_if(
        values, [&](const At& one) { return !std::isnan(one.value) && (std::isnan(event.value) || one.value > event.value); });
    if (static_cast<double>(better) * factor > static_cast<double>(values.size())) decision = "stop";
  }
  return decisions;
}

}  // namespace

TEST_CASE("asha: the worked example of the documentation") {
  StudyBuilder study = curves();
  study.record().declared_max_step = 20;  // rungs at 2, 6 and 18
  const auto asha = rule("asha");
  std::vector<Decision::Kind> at_first_rung;
  for (const double value : {0.50, 0.40, 0.60, 0.55, 0.45, 0.58}) {
    const TrialId trial = study.add({.curve = {0.1, value}, .status = TrialStatus::kInProgress});
    at_first_rung.push_back(judge_last(*asha, study, trial).kind);
  }
  using enum Decision::Kind;
  CHECK(at_first_rung == std::vector{kContinue, kStop, kContinue, kContinue, kStop, kContinue});
  // The fifth: .60, .55 and .50 are better than .45, and of five values one may be.
  const Decision fifth = asha->judge(study.view(), study.cut(5, 2));
  CHECK(fifth.reason ==
        "score 0.45 at step 2 is worse than 0.55, number 2 of the 4 other values at rung 0, where one in 3 goes on");
  CHECK(number(fifth, "threshold") == 0.55);
  CHECK(number(fifth, "rung_step") == 2.0);
  CHECK(fifth.references == std::vector<TrialId>{1, 2, 3, 4});
  // Between rungs nobody is looked at.
  study.observe(6, 3, 0.0);
  CHECK(judge_last(*asha, study, 6).kind == kContinue);
}

TEST_CASE("rungs: 10 % of the maximum step but not the first, times three, before the last step; options say otherwise") {
  const auto steps = [](const RungOptions& options, std::int64_t max_step) {
    const Rungs rungs(options, max_step);
    Curve found;
    for (std::size_t k = 0; k < rungs.count(); ++k) found.push_back(rungs.step(k));
    return found;
  };
  CHECK(steps({}, 1) == Curve{});
  CHECK(steps({}, 2) == Curve{});
  CHECK(steps({}, 6) == Curve{2});
  CHECK(steps({}, 20) == Curve{2, 6, 18});
  CHECK(steps({}, 50) == Curve{5, 15, 45});
  CHECK(steps({}, 54) == Curve{6, 18});
  CHECK(steps({.min_resource = std::int64_t{1}}, 27) == Curve{1, 3, 9});
  CHECK(steps({.min_resource = std::int64_t{40}}, 27) == Curve{});
  CHECK(steps({.min_resource = 0.2, .reduction_factor = 2.0}, 50) == Curve{10, 20, 40});
  CHECK(steps({.min_resource = 0.001, .reduction_factor = 2.5}, 10) == Curve{1, 2.5, 6.25});
}

TEST_CASE("brackets: drawn from seed and trial alone, in Hyperband's proportions") {
  const Rungs rungs({.min_resource = std::int64_t{1}, .brackets = std::nullopt}, 81);
  REQUIRE(rungs.brackets() == 4);
  std::vector<int> counts(4, 0);
  constexpr int kDraws = 20000;
  for (TrialId trial = 1; trial <= kDraws; ++trial) ++counts[rungs.bracket_of(7, trial)];
  // ceil(4 * 3^s / (s + 1)) for s = 3, 2, 1, 0: 27, 12, 6, 4 of 49.
  const double expected[] = {27.0 / 49, 12.0 / 49, 6.0 / 49, 4.0 / 49};
  for (std::size_t b = 0; b < 4; ++b) {
    const double error = 4.0 * std::sqrt(expected[b] * (1.0 - expected[b]) / kDraws);
    CHECK(std::abs(counts[b] / static_cast<double>(kDraws) - expected[b]) < error);
  }
  CHECK(rungs.bracket_of(7, 3) == rungs.bracket_of(7, 3));
  CHECK(rungs.reached(2, 8) == std::nullopt);
  CHECK(rungs.reached(2, 9) == 2);
  CHECK(rungs.reached(0, 80) == 3);
}

TEST_CASE("asha and hyperband decide as the oracle does on random histories; negated with the opposite goal as well") {
  struct Case {
    std::string name;
    Options given;
    RungOptions options;
  };
  const std::vector<Case> cases{
      {"asha", {}, {}},
      {"asha", {{"min_resource", std::int64_t{1}}, {"reduction_factor", 2.0}}, {std::int64_t{1}, 2.0, 1}},
      {"asha", {{"min_resource", std::int64_t{1}}, {"brackets", std::int64_t{2}}}, {std::int64_t{1}, 3.0, 2}},
      {"hyperband", {{"min_resource", 0.1}, {"reduction_factor", 2.5}}, {0.1, 2.5, std::nullopt}}};
  int stopped = 0;
  for (std::uint64_t seed = 1; seed <= 150; ++seed) {
    const History history = random_history(seed);
    for (const Case& one : cases) {
      CAPTURE(seed);
      CAPTURE(one.name);
      const auto policy = rule(one.name, one.given);
      const Rungs layout(one.options, kSteps);
      const Seen found = judged(*policy, history, Goal::kMaximize, 1.0);
      CHECK(found == by_hand(history, layout, layout.step(0), one.options.reduction_factor));
      CHECK(found == judged(*policy, history, Goal::kMinimize, -1.0));
      for (const auto& [at, decision] : found) stopped += decision == "stop" ? 1 : 0;
    }
  }
  CHECK(stopped > 500);
}

TEST_CASE("asha: neither what comes later nor the order in which equal values arrived makes a difference") {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    CAPTURE(seed);
    const History history = random_history(seed);
    const auto policy = rule("asha", {{"min_resource", std::int64_t{1}}});
    const Seen at_the_time = judged(*policy, history, Goal::kMaximize, 1.0);
    StudyBuilder whole = curves();
    whole.record().declared_max_step = kSteps;
    for (std::int64_t i = 0; i < history.trials; ++i) whole.propose({});
    for (const History::Event& event : history.events) {
      if (event.step > 0)
        whole.observe(event.trial, event.step, event.value);
      else
        whole.finish(event.trial);
    }
    for (const auto& [at, decision] : at_the_time) {
      CHECK(to_string(policy->judge(whole.view(), whole.cut(at.first, at.second)).kind) == decision);
    }
  }
  const auto policy = rule("asha", {{"min_resource", std::int64_t{1}}});
  std::vector<TrialId> order{1, 2, 3, 4, 5};
  do {
    StudyBuilder study = curves();
    study.record().declared_max_step = 9;
    for (int i = 0; i < 6; ++i) study.propose({});
    for (const TrialId trial : order) study.observe(trial, 1, trial <= 3 ? 0.5 : 0.25);
    study.observe(6, 1, 0.5);
    CHECK(policy->judge(study.view(), study.cut(6, 1)).kind == Decision::Kind::kContinue);
    study.observe(6, 1, 0.25);
    CHECK(policy->judge(study.view(), study.cut(6, 1)).kind == Decision::Kind::kStop);
  } while (std::ranges::next_permutation(order).found);
}

TEST_CASE("asha: NaN is the worst, a trial at the maximum step goes on, nothing is judged while that is unknown") {
  StudyBuilder study = curves(Goal::kMinimize);
  study.record().declared_max_step = 4;
  const auto asha = rule("asha", {{"min_resource", std::int64_t{1}}});
  const TrialId nan = study.add({.curve = {std::nan("")}, .status = TrialStatus::kInProgress});
  CHECK(judge_last(*asha, study, nan).kind == Decision::Kind::kContinue);  // nobody is better
  const TrialId good = study.add({.curve = {3}, .status = TrialStatus::kInProgress});
  CHECK(judge_last(*asha, study, good).kind == Decision::Kind::kContinue);
  const TrialId other = study.add({.curve = {std::nan("")}, .status = TrialStatus::kInProgress});
  CHECK(judge_last(*asha, study, other).kind == Decision::Kind::kContinue);  // one in three is better
  const TrialId third = study.add({.curve = {2}, .status = TrialStatus::kFailed});
  CHECK(study.record().trial(third).failure);
  const TrialId last = study.add({.curve = {std::nan("")}, .status = TrialStatus::kInProgress});
  CHECK(judge_last(*asha, study, last).kind == Decision::Kind::kStop);  // failed ones have left their values too
  study.observe(last, 4, 9.0);
  CHECK(judge_last(*asha, study, last).kind == Decision::Kind::kContinue);
  study.record().declared_max_step.reset();
  CHECK(asha->judge(study.view(), study.cut(last, 1)).reason ==
        "the maximum step, by which the rungs are laid, is not known yet");
}

TEST_CASE("asha and hyperband refuse what makes no sense") {
  const auto message = [](const Options& given) {
    const auto made = make_rule("asha", given);
    return made.ok() ? std::string() : made.status().message();
  };
  CHECK(message({{"min_resource", std::int64_t{0}}}) == "min_resource: given 0; allowed: int >= 1, or a share");
  CHECK(message({{"min_resource", 0.0}}) == "min_resource: the share 0 is not above 0 and at most 1 (100 %)");
  CHECK(message({{"min_resource", 1.5}}) == "min_resource: the share 1.5 is not above 0 and at most 1 (100 %)");
  CHECK(message({{"min_resource", 0.5}}).empty());
  CHECK_FALSE(make_rule("hyperband", {{"min_resource", 2.0}}).ok());
}

}  // namespace tune::test
