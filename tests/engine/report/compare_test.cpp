#include "engine/report/compare.hpp"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "tests/engine/report/sample_study.hpp"

namespace tune::engine {
namespace {

using test::add_trial;
using test::moment;

StudyRecord arm(const char* stopping, const std::vector<std::vector<double>>& curves) {
  StudyRecord study;
  study.name = "job";
  study.space.uniform("x", 0, 1);
  study.objective = maximize("acc");
  study.stopping = stopping;
  study.status = StudyStatus::kCompleted;
  double start = 0;
  for (const auto& curve : curves) {
    const double length = static_cast<double>(curve.size());
    add_trial(study, test::configuration_of(study.space, {{"x", 0.5}}), start, start + length, curve, 0.0);
    start += length / 2;  // two at a time: each starts in the middle of the one before
  }
  study.active = from_seconds(start);
  return study;
}

TEST_CASE("training time up to a moment is added up over overlapping trials") {
  const StudyRecord study = arm("off", {{0.1, 0.2, 0.3, 0.4}, {0.1, 0.2, 0.3, 0.4}});
  CHECK(training_seconds_until(study, moment(0)) == 0.0);
  CHECK(training_seconds_until(study, moment(3)) == doctest::Approx(3 + 1));
  CHECK(training_seconds_until(study, moment(100)) == doctest::Approx(8));
}

TEST_CASE("two arms side by side") {
  const StudyRecord off = arm("off", {{0.1, 0.2, 0.3, 0.9}, {0.1, 0.2, 0.3, 0.4}});
  StudyRecord median = arm("median", {{0.1, 0.2, 0.3, 0.895}, {0.1, 0.2}});
  median.trials[1].status = TrialStatus::kStopped;
  median.trials[1].stop_reason = "median";
  const auto comparison = compare_arms({"off", "d/off", &off}, {"median", "d/median", &median});
  REQUIRE(comparison.ok());
  const ArmFigures& a = comparison->arms[0];
  const ArmFigures& b = comparison->arms[1];
  CHECK(a.training == doctest::Approx(8));
  CHECK(b.training == doctest::Approx(6));
  CHECK(b.stopped == 1);
  CHECK(*a.best_value == 0.9);
  CHECK(*b.best_value == 0.895);
  // Both reach 0.9 within 1 % at second 4: trial 1 has run 4 s, trial 2 has run 2 s by then.
  CHECK(*a.to_within == doctest::Approx(6));
  CHECK(*b.to_within == doctest::Approx(6));

  const auto json = nlohmann::json::parse(comparison_json(*comparison));
  CHECK(json.at("schema") == 1);
  CHECK(json.at("arms").size() == 2);
  CHECK(json.at("arms")[1].at("early_stopping") == "median");
  CHECK(json.at("difference").at("training_seconds").get<double>() == doctest::Approx(-2));
  CHECK(json.at("difference").at("training_share").get<double>() == doctest::Approx(-0.25));
  const std::string text = comparison_text(*comparison);
  CHECK(text.find("-25.0 %") != std::string::npos);
  CHECK(text.find("training hours until within 1 % of the better best") != std::string::npos);
}

TEST_CASE("an arm that never comes near the better best says so") {
  const StudyRecord off = arm("off", {{0.1, 0.9}});
  const StudyRecord median = arm("median", {{0.1, 0.5}});
  const auto comparison = compare_arms({"off", "a", &off}, {"median", "b", &median});
  REQUIRE(comparison.ok());
  CHECK_FALSE(comparison->arms[1].to_within.has_value());
  CHECK(comparison_text(*comparison).find("not reached") != std::string::npos);
  CHECK(
      nlohmann::json::parse(comparison_json(*comparison)).at("difference").at("training_seconds_to_within_1_percent").is_null());
}

TEST_CASE("arms without any value can be compared") {
  const StudyRecord off = arm("off", {{}});
  const auto comparison = compare_arms({"off", "a", &off}, {"median", "b", &off});
  REQUIRE(comparison.ok());
  CHECK(comparison_text(*comparison).find("none") != std::string::npos);
}

TEST_CASE("studies of different objectives are refused by name") {
  const StudyRecord off = arm("off", {{0.1}});
  StudyRecord other = arm("off", {{0.1}});
  other.objective = minimize("loss");
  const auto comparison = compare_arms({"off", "a", &off}, {"off", "b", &other});
  REQUIRE_FALSE(comparison.ok());
  CHECK(comparison.status().code() == ErrorCode::kInvalid);
  CHECK(comparison.status().message().find("'loss'") != std::string::npos);
}

}  // namespace
}  // namespace tune::engine
