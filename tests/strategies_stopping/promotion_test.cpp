#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <string>

#include "strategies/stopping/pasha.hpp"
#include "tests/strategies_stopping/median_support.hpp"
#include "tune/random.hpp"

/// `asha` with mode promote as docs/early-stopping.md defines it, against a slow oracle written from there.
namespace tune::test {
namespace {

using Curve = std::vector<double>;

std::unique_ptr<StoppingPolicy> promoting(const Options& given = {}) {
  Options options = given;
  options["mode"] = std::string("promote");
  return make_rule("asha", options).value();
}

/// A study by hand that pauses trials as the rule says. Rungs at 1, 3 and 9 of `max_step`.
struct Field {
  explicit Field(std::int64_t max_step = 20, Goal goal = Goal::kMaximize) : study(curves(goal)) {
    study.record().declared_max_step = max_step;
  }

  TrialRecord& at(TrialId trial) { return study.record().trials[static_cast<std::size_t>(trial - 1)]; }
  /// Lets the trial report until the rule pauses it or it has completed.
  void run(TrialId trial, const Curve& curve) {
    at(trial).secondary = SecondaryStatus::kTraining;
    at(trial).attempts.push_back({});
    const Series* series = at(trial).find_series("score");
    for (std::size_t i = series == nullptr ? 0 : series->points.size(); i < curve.size(); ++i) {
      study.observe(trial, static_cast<std::int64_t>(i) + 1, curve[i]);
      const Decision decision = judge_last(*rule, study, trial);
      CHECK(decision.kind != Decision::Kind::kStop);
      if (decision.kind != Decision::Kind::kPause) continue;
      pause(trial, static_cast<std::int64_t>(i) + 1, decision);
      return;
    }
    at(trial).attempts.back().end_reason = "completed";
    study.finish(trial);
  }
  void pause(TrialId trial, std::int64_t step, const Decision& decision) {
    at(trial).decisions.push_back(
        {step, "pause", decision.rule, decision.reason, decision.numbers, decision.references, {}, ++study.record().seq});
    at(trial).secondary = SecondaryStatus::kPaused;
    at(trial).attempts.back().end_reason = "paused";
  }
  /// One slot, until every trial is proposed and none may go on.
  void play(const std::vector<Curve>& curves) {
    for (std::size_t proposed = study.record().trials.size();;) {
      std::optional<TrialId> trial = next();
      if (!trial && proposed == curves.size()) return;
      if (!trial) trial = study.propose({});
      proposed = study.record().trials.size();
      run(*trial, curves[static_cast<std::size_t>(*trial - 1)]);
    }
  }
  [[nodiscard]] std::int64_t highest() const {
    std::int64_t step = 0;
    for (const TrialRecord& trial : study.record().trials) step = std::max(step, trial.find_series("score")->points.back().step);
    return step;
  }
  [[nodiscard]] std::optional<TrialId> next() const { return rule->plan(study.view()).resume; }

  StudyBuilder study;
  std::unique_ptr<StoppingPolicy> rule = promoting({{"min_resource", std::int64_t{1}}});
};

/// The same by the words of the documentation: ranks are counted, rung by rung from the highest.
std::optional<TrialId> next_by_hand(const std::map<TrialId, Curve>& curves, const std::map<TrialId, std::size_t>& reported,
                                    const std::map<TrialId, std::size_t>& waiting_at, bool all_proposed) {
  for (const std::size_t rung : {std::size_t{9}, std::size_t{3}, std::size_t{1}}) {
    std::vector<std::pair<TrialId, double>> there;
    for (const auto& [trial, steps] : reported) {
      if (steps >= rung) there.emplace_back(trial, curves.at(trial)[rung - 1]);
    }
    const double share = static_cast<double>(there.size()) / 3.0;
    const auto allowed = static_cast<std::size_t>(all_proposed ? std::ceil(share) : std::floor(share));
    std::optional<std::pair<std::size_t, TrialId>> best;
    for (const auto& [trial, value] : there) {
      std::size_t ahead = 0;
      for (const auto& [other, its] : there) ahead += its > value || (its == value && other < trial) ? 1 : 0;
      const auto waits = waiting_at.find(trial);
      if (ahead >= allowed || waits == waiting_at.end() || waits->second != rung) continue;
      if (!best || ahead < best->first) best = {ahead, trial};
    }
    if (best) return best->second;
  }
  return std::nullopt;
}

}  // namespace

TEST_CASE("asha, promote: the worked example of the documentation") {
  Field field;
  const std::map<TrialId, Curve> curves{{1, {0.5, 0.6, 0.7, 0.8}}, {2, {0.4, 0.5}}, {3, {0.6, 0.65, 0.7, 0.7}}};
  std::vector<std::optional<TrialId>> plans;
  for (const auto& [trial, curve] : curves) {
    field.study.propose({});
    plans.push_back(field.next());
    field.run(trial, curve);
  }
  CHECK(plans == std::vector<std::optional<TrialId>>{std::nullopt, std::nullopt, std::nullopt});
  const Plan plan = field.rule->plan(field.study.view());
  CHECK(plan.resume == 3);
  CHECK(plan.decision.reason == "score 0.6 is number 1 of the 3 values at rung 0, where 1 may go on, one in 3");
  CHECK(plan.decision.references == std::vector<TrialId>{1, 2});
  field.run(3, curves.at(3));
  CHECK(field.at(3).decisions.back().step == 3);
  CHECK(field.next() == std::nullopt);  // alone at its rung, and one of three has gone on from the first
  field.study.record().max_trials = 3;  // no new trial will come: rounded up
  CHECK(field.next() == 3);
  CHECK(field.rule->plan(field.study.view()).decision.reason ==
        "score 0.7 is number 1 of the 1 value at rung 1, where 1 may go on, one in 3 rounded up since all trials are proposed");
}

TEST_CASE(
    "asha, promote: a trial pauses once at each rung, at the first value there that is judged, and never at the maximum step") {
  Field field(9);
  const TrialId trial = field.study.propose({});
  const Curve curve{1, 2, 3, 4, 5, 6, 7, 8, 9};
  for (const std::int64_t pause : {1, 3}) {
    field.run(trial, curve);
    CHECK(field.at(trial).decisions.back().step == pause);
    CHECK(field.at(trial).decisions.back().reason.find("it waits until it is among the best one in 3") != std::string::npos);
  }
  field.run(trial, curve);
  CHECK(field.at(trial).status == TrialStatus::kCompleted);
  // It had run on before it heard of its pause, over the next rung: that pause comes with the next value.
  const TrialId fast = field.study.propose({});
  field.run(fast, curve);
  for (std::int64_t step = 2; step <= 5; ++step) field.study.observe(fast, step, 1.0);
  CHECK(field.next() == std::nullopt);
  field.run(fast, curve);
  CHECK(field.at(fast).decisions.back().step == 6);
}

TEST_CASE("asha, promote: NaN is never promoted, ended trials count and are not promoted, failed ones as well") {
  Field field;
  for (int i = 0; i < 3; ++i) {
    field.study.propose({});
    field.run(i + 1, {std::nan(""), 1.0});
  }
  CHECK(field.next() == std::nullopt);
  for (int i = 3; i < 6; ++i) {
    field.study.propose({});
    field.run(i + 1, {static_cast<double>(i), 1.0});
  }
  CHECK(field.next() == 6);
  field.study.finish(6, TrialStatus::kStopped, "user");
  CHECK(field.next() == 5);
  field.study.finish(5, TrialStatus::kFailed);
  CHECK(field.next() == std::nullopt);
}

TEST_CASE("asha, promote: free slots go where the oracle says; negated with the opposite goal as well") {
  int promotions = 0;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    CAPTURE(seed);
    RandomStream random(seed, 1, "curves");
    const auto trials = static_cast<std::int64_t>(5 + random.below(25));
    std::map<TrialId, Curve> curves;
    for (TrialId trial = 1; trial <= trials; ++trial) {
      for (int step = 0; step < 12; ++step) curves[trial].push_back(static_cast<double>(random.below(8)) / 4.0);
    }
    Field field(12);
    Field negated(12, Goal::kMinimize);
    if (seed % 2 == 0) field.study.record().max_trials = negated.study.record().max_trials = trials;
    std::map<TrialId, std::size_t> reported;
    std::map<TrialId, std::size_t> waiting_at;
    TrialId proposed = 0;
    while (true) {
      const bool all_proposed = seed % 2 == 0 && proposed >= trials;
      const auto expected = next_by_hand(curves, reported, waiting_at, all_proposed);
      CHECK(field.next() == expected);
      CHECK(negated.next() == expected);
      if (!expected && proposed == trials) break;
      promotions += expected ? 1 : 0;
      const TrialId trial = expected.value_or(proposed + 1);
      if (!expected) {
        proposed = field.study.propose({});
        negated.study.propose({});
      }
      field.run(trial, curves.at(trial));
      Curve mirrored = curves.at(trial);
      for (double& value : mirrored) value = -value;
      negated.run(trial, mirrored);
      reported[trial] = field.at(trial).find_series("score")->points.size();
      waiting_at.erase(trial);
      if (field.at(trial).secondary == SecondaryStatus::kPaused) waiting_at[trial] = reported[trial];
    }
    if (seed % 2 == 0) CHECK(std::ranges::count(field.study.record().trials, TrialStatus::kCompleted, &TrialRecord::status) > 0);
  }
  CHECK(promotions > 200);
}

TEST_CASE("pasha: the worked example of the documentation") {
  using strategies::indistinct_gap;
  using strategies::ranked_alike;
  const strategies::Rungs rungs({.min_resource = std::int64_t{1}}, 20);  // 1, 3, 9
  StudyBuilder study = curves();
  study.record().declared_max_step = 20;
  study.add({.curve = {0.50, 0.60, 0.70}});
  study.add({.curve = {0.48, 0.61, 0.69}});
  study.add({.curve = {0.30, 0.40, 0.50}});
  // 1 and 2 changed places twice and lie .01 apart at the end: what lies no further apart means the same.
  CHECK(indistinct_gap(study.view(), rungs, 0, 1) == doctest::Approx(0.01));
  CHECK(ranked_alike(study.view(), rungs, 0, 1, 0.01));
  study.add({.curve = {0.45, 0.65, 0.695}});
  // 4 has overtaken 2, which was .03 ahead.
  CHECK(indistinct_gap(study.view(), rungs, 0, 1) == doctest::Approx(0.0095));  // and 1 and 4 by .005: 90 % of the way
  CHECK_FALSE(ranked_alike(study.view(), rungs, 0, 1, 0.0095));
  CHECK(ranked_alike(study.view(), rungs, 0, 1, 0.031));
  // A tie is no overtaking, NaN tells nothing of how far values lie apart.
  StudyBuilder odd = curves();
  odd.add({.curve = {std::nan(""), 1, std::nan("")}});
  odd.add({.curve = {1, 1, 1}});
  CHECK(indistinct_gap(odd.view(), rungs, 0, 1) == 0.0);
  CHECK(ranked_alike(odd.view(), rungs, 0, 1, 0.0));
}

TEST_CASE("pasha: nobody goes higher than the second rung until the ranking changes there, and then step by step") {
  std::vector<Curve> alike;
  for (int trial = 0; trial < 30; ++trial) {
    Curve curve;
    for (int step = 1; step <= 27; ++step) curve.push_back(static_cast<double>((trial * 7) % 30 * step));
    alike.push_back(curve);
  }
  const auto pasha = [] { return make_rule("pasha", {{"min_resource", std::int64_t{1}}}).value(); };
  Field without(27);
  without.rule = pasha();
  without.play(alike);
  CHECK(without.highest() == 3);
  Field asha(27);
  asha.play(alike);
  CHECK(asha.highest() == 27);  // 10 at the second rung, three at the third, one at the end
  CHECK(std::ranges::count(asha.study.record().trials, TrialStatus::kCompleted, &TrialRecord::status) >= 1);

  // The second best after one step is the best from the third on: rung 9 is opened, where nothing changes any more.
  std::vector<Curve> crossing = alike;
  const auto best = std::ranges::max_element(crossing, {}, [](const Curve& curve) { return curve[0]; });
  const auto second = std::ranges::find_if(crossing, [](const Curve& curve) { return curve[0] == 28.0; });
  for (std::size_t step = 2; step < 27; ++step) std::swap((*best)[step], (*second)[step]);
  Field with(27);
  with.rule = pasha();
  with.play(crossing);
  CHECK(with.highest() == 9);
}

}  // namespace tune::test
