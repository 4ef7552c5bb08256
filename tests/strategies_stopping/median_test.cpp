#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "tests/strategies_stopping/median_support.hpp"

using tune::Decision;
using tune::Goal;
using tune::Options;
using tune::TrialId;
using tune::TrialStatus;
using tune::test::curves;
using tune::test::judge_last;
using tune::test::median;
using tune::test::number;
using tune::test::stops;
using tune::test::StudyBuilder;

namespace {
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr TrialStatus kRunning = TrialStatus::kInProgress;

Options min_trials(std::int64_t count, Options more = {}) {
  more["min_trials"] = count;
  return more;
}

/// The worked example of docs/early-stopping.md.
StudyBuilder worked_example(Goal goal, double sign) {
  StudyBuilder study = curves(goal);
  for (const std::vector<double>& curve : {std::vector{.20, .40, .50}, {.10, .20, .30}, {.30, .50, .60}}) {
    std::vector<double> signed_curve;
    for (const double value : curve) signed_curve.push_back(sign * value);
    study.add({.curve = signed_curve});
  }
  study.record().declared_max_step = 10;
  return study;
}
}  // namespace

TEST_CASE("the worked example: .36 in epoch 3 stops, .37 goes on") {
  const auto rule = median(min_trials(3));
  StudyBuilder study = worked_example(Goal::kMaximize, 1.0);
  const TrialId weak = study.add({.curve = {.1, .2, .36}, .status = kRunning});
  const TrialId fair = study.add({.curve = {.1, .2, .37}, .status = kRunning});

  const Decision stop = judge_last(*rule, study, weak);
  CHECK(stop.kind == Decision::Kind::kStop);
  CHECK(stop.rule == "median");
  CHECK(stop.references == std::vector<TrialId>{1, 2, 3});
  CHECK(number(stop, "value") == .36);
  CHECK(number(stop, "threshold") == doctest::Approx(1.1 / 3).epsilon(1e-12));
  CHECK(number(stop, "references") == 3);
  CHECK(number(stop, "percentile") == 50);
  CHECK(number(stop, "margin") == 0);
  CHECK(number(stop, "step") == 3);
  CHECK(number(stop, "warmup") == 2);
  CHECK(stop.reason == "score 0.36 at step 3 is worse than " + tune::to_text(number(stop, "threshold")) +
                           ", the median of the running averages of 3 completed trials");

  const Decision go_on = judge_last(*rule, study, fair);
  CHECK(go_on.kind == Decision::Kind::kContinue);
  CHECK(go_on.references == stop.references);
  CHECK(number(go_on, "threshold") == number(stop, "threshold"));
  CHECK(go_on.reason.find("score 0.37 at step 3 is not worse than") == 0);
}

TEST_CASE("minimising is the mirror image") {
  const auto rule = median(min_trials(3));
  StudyBuilder study = worked_example(Goal::kMinimize, -1.0);
  CHECK(stops(*rule, study, study.add({.curve = {-.1, -.2, -.36}, .status = kRunning})));
  CHECK_FALSE(stops(*rule, study, study.add({.curve = {-.1, -.2, -.37}, .status = kRunning})));
}

TEST_CASE("the comparison is strict: a tie goes on") {
  for (const Goal goal : {Goal::kMaximize, Goal::kMinimize}) {
    StudyBuilder study = curves(goal);
    for (int i = 0; i < 3; ++i) study.add({.curve = {.125, .125, .125, .125}});
    const TrialId tied = study.add({.curve = {.125, .125, .125}, .status = kRunning});
    const Decision decision = judge_last(*median(min_trials(3)), study, tied);
    CHECK(decision.kind == Decision::Kind::kContinue);
    CHECK(number(decision, "value") == number(decision, "threshold"));
  }
  StudyBuilder study = curves();
  study.add({.curve = {1, 3, 0, 0}});
  study.add({.curve = {5, 7, 0, 0}});
  const auto rule = median(min_trials(2));
  CHECK_FALSE(stops(*rule, study, study.add({.curve = {0, 4}, .status = kRunning})));
  CHECK(stops(*rule, study, study.add({.curve = {0, std::nextafter(4.0, 0.0)}, .status = kRunning})));
}

TEST_CASE("min_trials counts references, not trials") {
  StudyBuilder study = curves();
  for (int i = 0; i < 4; ++i) study.add({.curve = {1, 1, 1, 1}});
  study.add({.curve = {1, 1}});                                        // ended before step 3
  study.add({.curve = {1, 1, 1}, .status = TrialStatus::kStopped});    // not Completed
  study.add({.curve = {1, 1, 1, 1}, .status = TrialStatus::kFailed});  // neither
  const TrialId weak = study.add({.curve = {0, 0, 0}, .status = kRunning});
  const Decision none = judge_last(*median(), study, weak);
  CHECK(none.kind == Decision::Kind::kContinue);
  CHECK(none.references == std::vector<TrialId>{1, 2, 3, 4});
  CHECK(none.reason == "step 3 has 4 of the 5 references needed");
  CHECK_FALSE(tune::test::has_number(none, "threshold"));
  study.add({.curve = {1, 1, 1, 1}});
  CHECK(stops(*median(), study, weak));
}

TEST_CASE("references: reached takes every other trial that has got that far, in any state, in the order of ids") {
  StudyBuilder study = curves();
  study.add({.curve = {8, 8}, .status = kRunning});
  study.add({.curve = {9, 9, 9}, .status = TrialStatus::kStopped, .stop_reason = "median"});
  study.add({.curve = {7, 7, 7, 7}});
  study.add({.curve = {6, 6}, .status = TrialStatus::kFailed});
  study.add({.curve = {99}, .status = kRunning});
  const TrialId judged = study.add({.curve = {1, 7.5}, .status = kRunning});
  const auto rule = median(min_trials(1, {{"references", std::string("reached")}}));
  const Decision decision = judge_last(*rule, study, judged);
  CHECK(decision.references == std::vector<TrialId>{1, 2, 3, 4});
  CHECK(number(decision, "threshold") == 7.5);
  CHECK(decision.kind == Decision::Kind::kContinue);
  CHECK(decision.reason.ends_with("the median of the running averages of 4 trials that got that far"));
  CHECK(judge_last(*median(min_trials(1)), study, judged).references == std::vector<TrialId>{3});
}

TEST_CASE("averages are over the steps there are, and a reference needs one by the judged step") {
  StudyBuilder study = curves();
  const TrialId gaps = study.propose({});
  study.observe(gaps, 2, 1.0).observe(gaps, 5, 100.0).finish(gaps);
  const TrialId late = study.propose({});
  study.observe(late, 4, 50.0).observe(late, 5, 50.0).finish(late);
  const TrialId judged = study.propose({});
  study.observe(judged, 3, 0.5);
  const auto rule = median(min_trials(1));
  const Decision at_three = judge_last(*rule, study, judged);
  CHECK(at_three.references == std::vector<TrialId>{gaps});
  CHECK(number(at_three, "threshold") == 1.0);
  study.observe(judged, 4, 25.4);
  const Decision at_four = judge_last(*rule, study, judged);
  CHECK(at_four.references == std::vector<TrialId>{gaps, late});
  CHECK(number(at_four, "threshold") == 25.5);
  CHECK(at_four.kind == Decision::Kind::kStop);
}

TEST_CASE("percentile: 0 is the worst reference, 100 the best, linear between") {
  for (const double sign : {1.0, -1.0}) {
    StudyBuilder study = curves(sign > 0 ? Goal::kMaximize : Goal::kMinimize);
    for (const double level : {30.0, 10.0, 20.0, 50.0}) study.add({.curve = {sign * level, sign * level, sign * level}});
    const TrialId judged = study.add({.curve = {0, sign * 15}, .status = kRunning});
    const auto at = [&](double percentile) {
      return sign * number(judge_last(*median(min_trials(2, {{"percentile", percentile}})), study, judged), "threshold");
    };
    CHECK(at(0) == 10);
    CHECK(at(100) == 50);
    CHECK(at(50) == 25);
    CHECK(at(10) == doctest::Approx(13));
    CHECK(at(90) == doctest::Approx(44));
    CHECK(stops(*median(min_trials(2)), study, judged));
    CHECK_FALSE(stops(*median(min_trials(2, {{"percentile", 0.0}})), study, judged));
  }
}

TEST_CASE("margin: only worse by more than it stops") {
  StudyBuilder study = curves();
  study.add({.curve = {4, 4, 4}});
  const TrialId judged = study.add({.curve = {0, 3.5}, .status = kRunning});
  CHECK(stops(*median(min_trials(1)), study, judged));
  CHECK(stops(*median(min_trials(1, {{"margin", 0.25}})), study, judged));
  const Decision spared = judge_last(*median(min_trials(1, {{"margin", 0.5}})), study, judged);
  CHECK(spared.kind == Decision::Kind::kContinue);
  CHECK(spared.reason.ends_with(", by more than the margin 0.5"));
}

TEST_CASE("value: best judges the best value so far") {
  StudyBuilder study = curves();
  study.add({.curve = {4, 4, 4, 4}});
  const TrialId fallen = study.add({.curve = {0, 5, 3}, .status = kRunning});
  CHECK(stops(*median(min_trials(1)), study, fallen));
  const Decision best = judge_last(*median(min_trials(1, {{"value", std::string("best")}})), study, fallen);
  CHECK(best.kind == Decision::Kind::kContinue);
  CHECK(number(best, "value") == 5);
  CHECK(best.reason.find("score at best 5 up to step 3 is not worse than 4") == 0);
}

TEST_CASE("only what lies before the cut is seen of the judged trial") {
  StudyBuilder study = curves();
  study.add({.curve = {4, 4, 4, 4}});
  const TrialId judged = study.add({.curve = {0, 3, 9}, .status = kRunning});
  for (const char* value : {"current", "best"}) {
    const auto rule = median(min_trials(1, {{"value", std::string(value)}}));
    CHECK(rule->judge(study.view(), study.cut(judged, 2)).kind == Decision::Kind::kStop);
    CHECK(rule->judge(study.view(), study.cut(judged, 3)).kind == Decision::Kind::kContinue);
  }
}

TEST_CASE("the last step is never judged, declared or observed") {
  StudyBuilder study = curves();
  study.add({.curve = {4, 4, 4}});
  const auto rule = median(min_trials(1));
  const TrialId judged = study.add({.curve = {0, 0, 0}, .status = kRunning});
  const Decision last = judge_last(*rule, study, judged);
  CHECK(last.kind == Decision::Kind::kContinue);
  CHECK(last.reason == "step 3 is the last one, where there is nothing left to save");
  CHECK(rule->judge(study.view(), study.cut(judged, 2)).kind == Decision::Kind::kStop);
  study.record().declared_max_step = 4;
  CHECK(stops(*rule, study, judged));
}

TEST_CASE("NaN is the worst there is, as a value and as a reference") {
  for (const double worst : {-kInfinity, kInfinity}) {
    CAPTURE(worst);
    StudyBuilder study = curves(worst < 0 ? Goal::kMaximize : Goal::kMinimize);
    study.add({.curve = {1, 1, 1}});
    study.add({.curve = {kNan, 1, 1}});
    study.add({.curve = {1, 1, 1}});
    const TrialId lost = study.add({.curve = {1, kNan}, .status = kRunning});
    const TrialId fine = study.add({.curve = {kNan, 1}, .status = kRunning});
    const auto rule = median(min_trials(3));
    const Decision decision = judge_last(*rule, study, lost);
    CHECK(decision.kind == Decision::Kind::kStop);
    CHECK(std::isnan(number(decision, "value")));
    CHECK(number(decision, "threshold") == 1);
    CHECK(decision.references.size() == 3);
    CHECK_FALSE(stops(*rule, study, fine));
    const auto lowest = median(min_trials(3, {{"percentile", 0.0}}));
    CHECK(number(judge_last(*lowest, study, lost), "threshold") == worst);
    CHECK_FALSE(stops(*lowest, study, lost));  // as bad as the worst reference is a tie
    const auto best = median(min_trials(3, {{"value", std::string("best")}}));
    CHECK_FALSE(stops(*best, study, lost));  // its best so far is the 1 at step 1
    // Interpolating between the worst and a number gives the worst.
    CHECK(number(judge_last(*median(min_trials(3, {{"percentile", 25.0}})), study, lost), "threshold") == worst);
  }
}

TEST_CASE("an infinity of the good side is the best there is") {
  StudyBuilder study = curves();
  study.add({.curve = {1, kInfinity, 1}});
  study.add({.curve = {1, 1, 1}});
  const TrialId judged = study.add({.curve = {1, kInfinity}, .status = kRunning});
  const Decision decision = judge_last(*median(min_trials(2)), study, judged);
  CHECK(number(decision, "threshold") == kInfinity);
  CHECK(decision.kind == Decision::Kind::kContinue);
}
