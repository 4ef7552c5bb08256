#include "engine/report/spot_cost.hpp"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "engine/report/report_text.hpp"
#include "tests/engine/report/json_report.hpp"

namespace tune::engine {
namespace {

TimePoint at(int second) { return TimePoint(std::chrono::seconds(1'000'000 + second)); }

/// One trial: two steps of ten seconds and five more in vain, then from step 1 on again to step 4.
StudyRecord interrupted_study() {
  StudyRecord study;
  study.name = "job";
  study.objective = maximize("acc");
  study.space.uniform("x", 0.0, 1.0);
  study.strategy = "random";
  study.stopping = "off";
  study.spot = true;
  study.status = StudyStatus::kCompleted;
  study.ended = at(100);
  study.owned = {{at(0), at(100), 1, true}};
  TrialRecord trial;
  trial.id = 1;
  trial.configuration = Configuration(1);
  trial.configuration[0] = 0.5;
  trial.status = TrialStatus::kCompleted;
  trial.value = 0.9;
  trial.ended_time = at(85);
  const auto attempt = [&](int number, int from, int to, const char* why) {
    AttemptRecord record;
    record.number = number;
    record.launched = record.started = at(from);
    record.ended = at(to);
    record.end_reason = why;
    trial.attempts.push_back(record);
  };
  attempt(1, 0, 25, "interrupted");
  attempt(2, 55, 85, "completed");
  Series series{"acc", {}};
  series.insert({1, 0.1, at(10), 1, 1});
  series.insert({2, 0.2, at(65), 2, 2});
  series.insert({3, 0.3, at(75), 3, 2});
  series.insert({4, 0.9, at(85), 4, 2});
  trial.series = {series};
  study.trials.push_back(trial);
  study.finished_order = {1};
  return study;
}

TEST_CASE("billable seconds: without what was done again, or by price") {
  StudyRecord study = interrupted_study();
  const SpotCost useful = spot_cost(study);
  CHECK(useful.training == 55.0);
  CHECK(useful.billable == 40.0);
  CHECK(!useful.by_price);
  CHECK(useful.savings() == doctest::Approx(100.0 * 15.0 / 55.0));
  study.spot_price = SpotPrice{2.0, 0.5};
  const SpotCost paid = spot_cost(study, study.trial(1));
  CHECK(paid.billable == doctest::Approx(55.0 / 4.0));
  CHECK(paid.savings() == doctest::Approx(75.0));
  CHECK(SpotCost{}.savings() == 0.0);
}

TEST_CASE("SageMaker's three lines are where they belong, and nowhere else") {
  StudyRecord study = interrupted_study();
  study.spot_price = SpotPrice{2.0, 0.5};
  CHECK(spot_lines(study, spot_cost(study), "trial 1: ") ==
        "trial 1: Training seconds: 55\ntrial 1: Billable seconds: 14 (by spot.price)\n"
        "trial 1: Managed Spot Training savings: 75.0%\n");
  CHECK(report_text(study, std::nullopt, {}).find("Managed Spot Training savings: 75.0%") != std::string::npos);
  const auto json = nlohmann::json::parse(test::json_report(study, std::nullopt, {}));
  CHECK(json["seconds"]["training"] == 55.0);
  CHECK(json["seconds"]["billable"] == 13.75);
  CHECK(json["trials"][0]["billable_seconds"] == 13.75);
  CHECK(json["trials"][0]["training_seconds"] == 55.0);
  study.spot = false;
  CHECK(spot_lines(study, spot_cost(study)).empty());
  CHECK(report_text(study, std::nullopt, {}).find("Spot") == std::string::npos);
  CHECK(nlohmann::json::parse(test::json_report(study, std::nullopt, {}))["seconds"]["billable"] == 55.0);
}

}  // namespace
}  // namespace tune::engine
