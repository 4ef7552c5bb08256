#include "engine/report/ledger.hpp"

#include <doctest/doctest.h>

#include "tests/engine/report/sample_study.hpp"

namespace tune::engine {
namespace {

using test::add_trial;
using test::moment;
using test::sample_study;

TEST_CASE("training time is the running time of all attempts, elapsed time the span from first start to last end") {
  const StudyRecord study = sample_study();
  CHECK(training_seconds(study.trial(5)) == doctest::Approx(3 + 5));
  CHECK(*elapsed_seconds(study.trial(5)) == doctest::Approx(12));
  CHECK(gpu_seconds(study.trial(5)) == doctest::Approx(8));
}

TEST_CASE("an attempt that has not ended counts up to now, or up to its last observation when nobody runs it") {
  const StudyRecord study = sample_study();
  CHECK(training_seconds(study.trial(6), moment(30)) == doctest::Approx(12));
  CHECK(training_seconds(study.trial(6)) == doctest::Approx(3.5));
  CHECK_FALSE(elapsed_seconds(study.trial(6)).has_value());
  CHECK_FALSE(last_end(study.trial(6)).has_value());
}

TEST_CASE("an attempt that never started costs nothing") {
  StudyRecord study = sample_study();
  study.trials[2].attempts[0].started.reset();
  CHECK(training_seconds(study.trial(3)) == 0.0);
  CHECK_FALSE(elapsed_seconds(study.trial(3)).has_value());
}

TEST_CASE("seconds per step come from between the reports, without start-up") {
  const StudyRecord study = sample_study();
  CHECK(*seconds_per_step(study.trial(1), study.objective) == doctest::Approx(1.0));
  CHECK(*seconds_per_step(study.trial(4), study.objective) == doctest::Approx(1.5));  // one report: start-up cannot be told apart
  CHECK_FALSE(seconds_per_step(study.trial(3), study.objective).has_value());
}

TEST_CASE("seconds per step of a resumed trial count only what its last attempt did") {
  const StudyRecord study = sample_study();
  CHECK(*seconds_per_step(study.trial(5), study.objective) == doctest::Approx(1.0));
  StudyRecord single = sample_study();
  auto& points = single.trials[4].series[0].points;
  points.resize(3);  // the second attempt reported step 3 only, 1.5 s after it had started from step 2
  CHECK(*seconds_per_step(single.trial(5), single.objective) == doctest::Approx(1.5));
}

TEST_CASE("reports that were read late do not make a step longer than the attempt allows") {
  StudyRecord study = sample_study();
  auto& points = study.trials[0].series[0].points;
  points.resize(2);
  points[0].time = moment(1);
  points[1].time = moment(6);
  CHECK(*seconds_per_step(study.trial(1), study.objective) == doctest::Approx(3.0));
}

TEST_CASE("saved time is the steps that were not run at the trial's own speed") {
  const StudyRecord study = sample_study();
  const Ledger ledger = make_ledger(study);
  CHECK(ledger.stopped_early == 1);
  REQUIRE(ledger.saved.has_value());
  CHECK(*ledger.saved == doctest::Approx(3 * 1.0));
  CHECK(ledger.training == doctest::Approx(6 + 3 + 1 + 2 + 8 + 3.5));
  CHECK(ledger.billable == ledger.training);
  CHECK(ledger.wall == doctest::Approx(25));
  CHECK(ledger.failed == doctest::Approx(1 + 2));
}

TEST_CASE("without a declared maximum step the longest completed trial gives it; without one of those the saving is unknown") {
  StudyRecord study = sample_study();
  study.declared_max_step.reset();
  CHECK(*make_ledger(study).saved == doctest::Approx(3.0));
  StudyRecord lonely = sample_study();
  lonely.declared_max_step.reset();
  for (TrialRecord& trial : lonely.trials) {
    if (trial.status == TrialStatus::kCompleted) trial.status = TrialStatus::kFailed;
  }
  CHECK_FALSE(make_ledger(lonely).saved.has_value());
}

TEST_CASE("limits, divergence and people are no early stopping") {
  StudyRecord study = sample_study();
  for (const char* reason : {"diverged", "time_limit", "user", "budget", "target", "stalled"}) {
    study.trials[1].stop_reason = reason;
    CHECK_FALSE(stopped_early(study.trial(2)));
  }
  CHECK(*make_ledger(study).saved == 0.0);
  CHECK(count_stop_reasons(study).at("stalled") == 1);
}

TEST_CASE("the ranking is by the goal, without failed and valueless trials, ties by number") {
  StudyRecord study = sample_study();
  std::vector<TrialId> order;
  for (const TrialRecord* trial : ranking(study)) order.push_back(trial->id);
  CHECK(order == std::vector<TrialId>{5, 1, 2});
  study.objective.goal = Goal::kMinimize;
  study.trials[0].value = 0.21;
  order.clear();
  for (const TrialRecord* trial : ranking(study)) order.push_back(trial->id);
  CHECK(order == std::vector<TrialId>{1, 2, 5});
}

TEST_CASE("the step of a value follows the objective's mode") {
  StudyRecord study = sample_study();
  study.trials[0].series[0].points[2].value = 0.99;
  CHECK(value_step(study.trial(1), study.objective) == 5);
  study.objective.value = ValueMode::kBest;
  CHECK(value_step(study.trial(1), study.objective) == 3);
}

}  // namespace
}  // namespace tune::engine
