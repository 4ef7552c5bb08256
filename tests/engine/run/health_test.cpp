#include <doctest/doctest.h>

#include <algorithm>

#include "tests/engine/run/cut_anywhere.hpp"
#include "tests/engine/run/simulated_study.hpp"

/// Health rules and the limit of silence in the engine's run.
namespace {

using namespace tune;
using namespace tune::engine;
using namespace tune::test;
using std::chrono::milliseconds;
using std::chrono::seconds;

std::string line(std::int64_t step, double score, double gradient) {
  return "@tune {\"gradient\": " + to_text(gradient) + ", \"step\": " + std::to_string(step) + ", \"score\": " + to_text(score) +
         ", \"loss\": " + to_text(1.0 / static_cast<double>(step)) + "}\n";
}

/// Trials whose gradients vanish at step 2 + (their number modulo 4).
SimulatedExecutor::Script vanishing_script() {
  return [](const LaunchSpec& launch) {
    SimulatedTrial trial;
    for (std::int64_t step = 1; step <= 5; ++step) {
      const double gradient = step < 2 + launch.id.trial % 4 ? 0.5 : 1e-9;
      trial.output(uneven_step_time(launch.id.trial, step),
                   line(step, curve(as_number(*launch.configuration[0]), step), gradient));
    }
    return trial.exit(milliseconds(5));
  };
}

HealthSpec vanishing(bool stop, double threshold = 1e-7) {
  return {named("VanishingGradient", {{"metrics", std::string("grad.*")}, {"threshold", threshold}}), stop};
}

HealthSpec falling() {
  return {named("LossNotDecreasing", {{"metrics", std::string("loss")},
                                      {"num_steps", std::int64_t{1}},
                                      {"diff_percent", 45.0},
                                      {"increase_threshold_percent", 5.0}}),
          false};
}

std::int64_t count_rule(const TrialRecord& trial, const std::string& rule) {
  return std::ranges::count(trial.decisions, rule, &DecisionRecord::rule);
}

}  // namespace

TEST_CASE("a health rule stops the trial at the step it judged, whatever protects it from early stopping") {
  StudySpec spec = small_spec();
  spec.rules = {vanishing(true), falling()};
  StoppingSpec stopping;
  stopping.policy = named("threshold", {{"lower", -1.0}, {"warmup", std::int64_t{1}}});
  stopping.protect_best = 100;
  stopping.min_runtime = std::chrono::hours(1);
  spec.stopping = stopping;
  const TempDir dir;
  REQUIRE(run_simulated(dir / "study", spec, vanishing_script()).ok());
  const StudyRecord record = load_record(dir / "study");
  CHECK(record.trials.size() == 12);
  for (const TrialRecord& trial : record.trials) {
    CAPTURE(trial.id);
    CHECK(trial.status == TrialStatus::kStopped);
    CHECK(trial.stop_reason == "rule:VanishingGradient");
    REQUIRE(count_rule(trial, "rule:VanishingGradient") == 1);
    CHECK(trial.decisions.back().kind == "stop");
    CHECK(trial.decisions.back().step == 2 + trial.id % 4);
    // 1 -> 1/2 is a fall of 50 %, 1/2 -> 1/3 one of a third: warned of at step 3, and not again.
    CHECK(count_rule(trial, "rule:LossNotDecreasing") == (trial.id % 4 >= 2 ? 1 : 0));
    // The gradient comes first in its line: the objective of that step came too late for a decision.
    CHECK(trial.value.has_value());
  }
}

TEST_CASE("a study with health rules that is cut anywhere goes on to the same decisions") {
  StudySpec spec = small_spec();
  spec.deterministic = true;
  spec.limits.max_trials = 5;
  spec.rules = {vanishing(false, 0.9), vanishing(false), falling(), vanishing(true)};
  spec.rules.back().rule.options["threshold"] = 1e-8;
  StoppingSpec stopping;
  stopping.policy = named("patience", {{"patience", std::int64_t{2}}, {"min_delta", 0.1}, {"warmup", std::int64_t{1}}});
  stopping.explain_all = true;
  spec.stopping = stopping;
  const TempDir dir;
  const auto script = vanishing_script();
  REQUIRE(run_simulated(dir / "whole", spec, script).ok());
  const StudyRecord record = load_record(dir / "whole");
  const auto decided = [&](const std::string& rule) {
    return std::ranges::any_of(record.trials, [&](const TrialRecord& trial) { return count_rule(trial, rule) > 0; });
  };
  for (const char* rule :
       {"rule:VanishingGradient", "rule:VanishingGradient 2", "rule:LossNotDecreasing", "rule:VanishingGradient 3", "patience"}) {
    CHECK_MESSAGE(decided(rule), rule);
  }
  for (const TrialRecord& trial : record.trials) {
    for (const DecisionRecord& decision : trial.decisions) {
      if (decision.rule.starts_with("rule:")) CHECK(count_rule(trial, decision.rule) == 1);
    }
  }
  CHECK(check_cut_anywhere(dir, spec, script) > 40);
}

TEST_CASE("divergence comes before a health rule, and a rule that does not know its metric's name refuses the study") {
  StudySpec spec = small_spec();
  spec.limits.max_trials = 1;
  spec.rules = {{named("ExplodingTensor", {{"metrics", std::string(".*")}, {"only_nan", false}}), true}};
  const TempDir dir;
  const auto script = [](const LaunchSpec&) {
    SimulatedTrial trial;
    return trial.output(seconds(1), "@tune {\"step\": 1, \"score\": NaN}\n").exit(seconds(60));
  };
  REQUIRE(run_simulated(dir / "study", spec, script).ok());
  CHECK(load_record(dir / "study").trials[0].stop_reason == "diverged");
  spec.rules[0].rule.options["metrics"] = std::string("(");
  CHECK_FALSE(run_simulated(dir / "other", spec, script).ok());
  spec.rules[0].rule = named("Explosion");
  CHECK(run_simulated(dir / "other", spec, script).message() == "health rule 'Explosion' is not known here");
}

TEST_CASE("a trial that says nothing for as long as limits.stalled is stopped then, not before") {
  StudySpec spec = small_spec();
  spec.limits.max_trials = 2;
  spec.limits.max_parallel = 2;
  spec.limits.stalled = seconds(10);
  const TempDir dir;
  const auto script = [](const LaunchSpec& launch) {
    SimulatedTrial trial;
    if (launch.id.trial == 2) {  // talks at the last moment, in words that are no observation
      for (int i = 0; i < 5; ++i) trial.output(milliseconds(9999), "still here\n");
      return trial.output(milliseconds(9999), line(1, 0.7, 1.0)).exit(milliseconds(9999));
    }
    trial.waits = seconds(60);  // for its place, which is no silence
    return trial.output(seconds(9), line(1, 0.5, 1.0)).output(seconds(11), line(2, 0.6, 1.0)).exit(seconds(1));
  };
  REQUIRE(run_simulated(dir / "study", spec, script).ok());
  const StudyRecord record = load_record(dir / "study");
  CHECK(record.trials[1].status == TrialStatus::kCompleted);
  CHECK(record.trials[0].status == TrialStatus::kStopped);
  CHECK(record.trials[0].stop_reason == "stalled");
  CHECK(record.trials[0].value == 0.5);
  const AttemptRecord& attempt = record.trials[0].attempts[0];
  CHECK(*attempt.ended - *attempt.started >= seconds(19));
  CHECK(*attempt.ended - *attempt.started < seconds(20));
}
