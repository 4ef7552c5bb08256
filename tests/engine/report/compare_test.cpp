#include "engine/report/compare_report.hpp"

#include <doctest/doctest.h>

#include <algorithm>
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
  const auto comparison = compare_arms({{{"off", "d/off", &off}, {"median", "d/median", &median}}});
  REQUIRE(comparison.ok());
  const ArmFigures& a = comparison->pairs[0].arms[0];
  const ArmFigures& b = comparison->pairs[0].arms[1];
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

TEST_CASE("the best value so far, and at equal training time") {
  // Trials of 2 s, each starting in the middle of the one before: they end at 2, 3, 4 s, with 3, 5 and 6 s of training.
  const StudyRecord off = arm("off", {{0.1, 0.5}, {0.2, 0.4}, {0.3, 0.9}});
  const StudyRecord other = arm("median", {{0.1, 0.6}, {0.1, 0.7}});
  const auto comparison = compare_arms({{{"off", "a", &off}, {"median", "b", &other}}});
  REQUIRE(comparison.ok());
  const ArmFigures& a = comparison->pairs[0].arms[0];
  const ArmFigures& b = comparison->pairs[0].arms[1];
  REQUIRE(a.curve.size() == 2);  // the second trial was no better
  CHECK(a.curve[0].training == doctest::Approx(3));
  CHECK(a.curve[0].value == 0.5);
  CHECK(a.curve[1].training == doctest::Approx(6));
  CHECK(a.curve[1].value == 0.9);
  CHECK(b.training == doctest::Approx(4));
  CHECK(*a.best_at_equal_training == 0.5);  // of what had ended after 4 s
  CHECK(*b.best_at_equal_training == 0.7);
  CHECK_FALSE(best_after(a.curve, 2.9).has_value());
  const auto json = nlohmann::json::parse(comparison_json(*comparison));
  CHECK(json.at("difference").at("best_value_at_equal_training").get<double>() == doctest::Approx(0.2));
}

/// `pairs` pairs: the second arm runs `steps` of 4 steps in half of its trials.
struct Several {
  std::vector<StudyRecord> records;
  [[nodiscard]] std::vector<ArmPair> pairs() const {
    std::vector<ArmPair> out;
    for (std::size_t i = 0; i + 1 < records.size(); i += 2)
      out.push_back({{"off", "d/off", &records[i]}, {"median", "d/median", &records[i + 1]}});
    return out;
  }
};
Several several(int count) {
  Several out;
  for (int i = 0; i < count; ++i) {
    const double noise = 0.01 * (i % 2 == 0 ? 1 : -1);
    out.records.push_back(arm("off", {{0.1, 0.2, 0.3, 0.9}, {0.1, 0.2, 0.3, 0.4}}));
    out.records.push_back(
        arm("median", {{0.1, 0.2, 0.3, 0.9 + noise}, std::vector<double>(static_cast<std::size_t>(1 + i % 2), 0.1)}));
    for (StudyRecord* study : {&out.records[out.records.size() - 2], &out.records.back()}) {
      study->seed = static_cast<std::uint64_t>(i + 7);
      study->declared_max_step = 4;
    }
    out.records.back().trials[1].status = TrialStatus::kStopped;
    out.records.back().trials[1].stop_reason = "median";
  }
  return out;
}

TEST_CASE("several seeds: means, paired intervals, and what they show") {
  const Several runs = several(6);
  const auto comparison = compare_arms(runs.pairs());
  REQUIRE(comparison.ok());
  const auto json = nlohmann::json::parse(comparison_json(*comparison));
  CHECK_FALSE(json.contains("arms"));
  CHECK(json.at("pairs").size() == 6);
  CHECK(json.at("pairs")[2].at("seed") == 9);
  // Of 8 s, 3 s are saved in every other pair and 2 s in the others.
  const auto& training = json.at("paired").at("training_share");
  CHECK(training.at("pairs") == 6);
  CHECK(training.at("mean").get<double>() == doctest::Approx(-2.5 / 8));
  CHECK(training.at("shown") == true);
  CHECK(training.at("high").get<double>() < 0.0);
  const auto& best = json.at("paired").at("best_value");
  CHECK(best.at("mean").get<double>() == doctest::Approx(0.0));
  CHECK(best.at("shown") == false);
  // Each stopped trial's remaining steps take a second each: the estimate is what was measured.
  CHECK(json.at("paired").at("saved").at("median_error").get<double>() == doctest::Approx(0.0));
  CHECK(json.at("pairs")[0].at("saved").at("measured_seconds") == 3.0);

  const std::string text = comparison_text(*comparison);
  CHECK(text.find("means of 6 seeds, paired by seed") != std::string::npos);
  CHECK(text.find("Training hours: median needs 31.2 % less\n") != std::string::npos);
  CHECK(text.find("Best value: no difference could be shown\n") != std::string::npos);
  CHECK(text.find("95 % interval") != std::string::npos);
  CHECK(text.find("the estimate's error is 0.0 % in the median") != std::string::npos);
}

TEST_CASE("the plot has every run and each arm's median") {
  const Several runs = several(3);
  const Plot plot = comparison_plot(*compare_arms(runs.pairs()));
  CHECK(plot.series.size() == 8);
  CHECK(std::ranges::count_if(plot.series, [](const PlotSeries& one) { return one.faint; }) == 6);
  const PlotSeries& median = plot.series[3];
  CHECK(median.name == "off, median of 3 runs");
  REQUIRE_FALSE(median.points.empty());
  CHECK(median.points.back().x == doctest::Approx(8.0 / 3600));
  CHECK(median.points.back().y == doctest::Approx(0.9));
  CHECK(svg_plot(plot).find(">off, median of 3 runs<") != std::string::npos);
  const Several one = several(1);
  CHECK(comparison_plot(*compare_arms(one.pairs())).series.size() == 2);
}

TEST_CASE("an arm that never comes near the better best says so") {
  const StudyRecord off = arm("off", {{0.1, 0.9}});
  const StudyRecord median = arm("median", {{0.1, 0.5}});
  const auto comparison = compare_arms({{{"off", "a", &off}, {"median", "b", &median}}});
  REQUIRE(comparison.ok());
  CHECK_FALSE(comparison->pairs[0].arms[1].to_within.has_value());
  CHECK(comparison_text(*comparison).find("not reached") != std::string::npos);
  CHECK(
      nlohmann::json::parse(comparison_json(*comparison)).at("difference").at("training_seconds_to_within_1_percent").is_null());
}

TEST_CASE("arms without any value can be compared") {
  const StudyRecord off = arm("off", {{}});
  const auto comparison = compare_arms({{{"off", "a", &off}, {"median", "b", &off}}});
  REQUIRE(comparison.ok());
  CHECK(comparison_text(*comparison).find("none") != std::string::npos);
}

TEST_CASE("studies of different objectives are refused by name") {
  const StudyRecord off = arm("off", {{0.1}});
  StudyRecord other = arm("off", {{0.1}});
  other.objective = minimize("loss");
  const auto comparison = compare_arms({{{"off", "a", &off}, {"off", "b", &other}}});
  REQUIRE_FALSE(comparison.ok());
  CHECK(comparison.status().code() == ErrorCode::kInvalid);
  CHECK(comparison.status().message().find("'loss'") != std::string::npos);
}

}  // namespace
}  // namespace tune::engine
