#include "engine/report/false_stops.hpp"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "engine/report/report_text.hpp"
#include "engine/report/why.hpp"
#include "tests/engine/report/json_report.hpp"
#include "tests/support/study_builder.hpp"

namespace tune::engine {
namespace {

using test::StudyBuilder;
using test::TrialSketch;

/// A study to which trials are added by their value at the end.
struct Audited {
  explicit Audited(Objective objective = maximize("score")) : builder(space(), std::move(objective)) {}
  static Space space() {
    Space made;
    made.uniform("x", 0.0, 1.0);
    return made;
  }
  TrialRecord& add(double end, TrialStatus status = TrialStatus::kCompleted, const std::string& reason = "") {
    TrialSketch sketch{.configuration = test::configuration_of(builder.record().space, {{"x", 0.5}}), .curve = {end}};
    sketch.status = status;
    sketch.stop_reason = reason;
    builder.add(sketch);
    return builder.record().trials.back();
  }
  TrialRecord& spared(double end, TrialStatus status = TrialStatus::kCompleted, const std::string& reason = "") {
    TrialRecord& trial = add(end, status, reason);
    trial.spared = true;
    trial.decisions.push_back({.step = 1, .kind = "stop", .rule = "median", .reason = "it was weak."});
    return trial;
  }
  [[nodiscard]] FalseStops counts(std::vector<EndChance> chances = {}) const {
    return count_false_stops(builder.record(), chances);
  }

  StudyBuilder builder;
};

TEST_CASE("a spared trial that beats every other that ran to its end is a false stop") {
  Audited study;
  study.add(0.5);
  study.add(0.7);
  study.add(0.9, TrialStatus::kStopped, "median");  // did not run to its end: it does not count
  study.spared(0.8);
  study.spared(0.3);
  CHECK(study.counts().spared == 2);
  CHECK(study.counts().audited == 2);
  CHECK(study.counts().false_stops == 1);
  CHECK(study.counts().stopped == 1);
  study.spared(0.85);  // of two that beat the rest, one is the best
  CHECK(study.counts().false_stops == 1);
  CHECK(study.counts().audited == 3);
  study.add(0.85);  // a tie: stopping either would have cost nothing
  CHECK(study.counts().false_stops == 0);
}

TEST_CASE("smaller is better with minimize; a lone trial is no false stop") {
  Audited study(minimize("loss"));
  study.spared(0.1);
  CHECK(study.counts().audited == 1);
  CHECK(study.counts().false_stops == 0);
  study.add(0.2);
  CHECK(study.counts().false_stops == 1);
}

TEST_CASE("a spared trial that broke by itself is audited, one that was cut off or lost is not") {
  Audited study;
  study.add(0.5);
  study.spared(0.9, TrialStatus::kStopped, "diverged");
  study.spared(0.9, TrialStatus::kFailed);
  CHECK(study.counts().audited == 2);
  CHECK(study.counts().false_stops == 0);
  study.spared(0.9, TrialStatus::kStopped, "time_limit");
  study.spared(0.9, TrialStatus::kStopped, "user");
  study.spared(0.9, TrialStatus::kFailed).failure = FailureClass::kLost;
  study.spared(0.9, TrialStatus::kInProgress);
  CHECK(study.counts().spared == 6);
  CHECK(study.counts().audited == 2);
  CHECK(study.counts().false_stops == 0);
}

TEST_CASE("the model's false stops: the chance of each stopped trial to have ended as the best") {
  Audited study;
  study.add(0.6);
  study.add(0.4, TrialStatus::kStopped, "median");
  study.add(0.5, TrialStatus::kStopped, "median");
  study.add(0.5, TrialStatus::kStopped, "median");
  const FalseStops counts = study.counts({{2, 0.125}, {4, 0.5}});
  CHECK(counts.stopped == 3);
  CHECK(counts.predicted == 2);
  CHECK(counts.expected == 0.625);
  CHECK(*best_end(study.builder.record()) == 0.6);
  CHECK_FALSE(best_end(study.builder.record(), 1).has_value());
}

TEST_CASE("under 20 audited trials the report says too few to tell; from there on a rate with its exact interval") {
  Audited study;
  study.add(0.5);
  for (int i = 0; i < 19; ++i) study.spared(0.1);
  study.add(0.3, TrialStatus::kStopped, "median");
  std::string text = report_text(study.builder.record(), {}, {nullptr, {{21, 0.16}}});
  CHECK(text.find("audit       19 trials of the 20 that a rule wanted to stop ran on; 0 false stops among them\n") !=
        std::string::npos);
  CHECK(text.find("too few to tell: a false-stop rate takes 20 audited trials") != std::string::npos);
  CHECK(text.find("by a model of the curves 0.16 false stops are expected among 1 stopped trial\n") != std::string::npos);
  auto json = nlohmann::json::parse(test::json_report(study.builder.record())).at("audit");
  CHECK(json.at("audited") == 19);
  CHECK(json.at("too_few_to_tell") == true);
  CHECK(json.at("false_stop_rate").is_null());
  CHECK(json.at("interval").is_null());
  CHECK(json.at("expected_false_stops").is_null());

  study.spared(0.6);
  text = report_text(study.builder.record());
  CHECK(text.find("false-stop rate 5 % (95 %: 0.127 % to 24.9 %)") != std::string::npos);
  CHECK(text.find("too few") == std::string::npos);
  json = nlohmann::json::parse(test::json_report(study.builder.record()));
  CHECK(json.at("audit").at("false_stops") == 1);
  CHECK(json.at("audit").at("false_stop_rate") == 0.05);
  CHECK(json.at("audit").at("interval").at("high").get<double>() == doctest::Approx(0.248733).epsilon(1e-5));
  CHECK(json.at("trials").back().at("spared_at_step") == 1);
  CHECK(json.at("trials")[0].at("spared_at_step").is_null());
}

TEST_CASE("several studies are pooled") {
  Audited one;
  one.add(0.5);
  for (int i = 0; i < 12; ++i) one.spared(0.1);
  Audited other;
  other.add(0.5);
  for (int i = 0; i < 8; ++i) other.spared(0.1);
  other.spared(0.8);
  const std::vector<DatedStudy> both{{&one.builder.record(), {}, {}}, {&other.builder.record(), {}, {}}};
  const std::string text = pooled_text(both);
  CHECK(
      text.rfind(
          "The 2 studies together\naudit       21 trials of the 21 that a rule wanted to stop ran on; 1 false stop among them\n",
          0) == 0);
  CHECK(text.find("false-stop rate 4.76 % (95 %: ") != std::string::npos);
  const auto json = nlohmann::json::parse(test::json_report(both)).at("pooled").at("audit");
  CHECK(json.at("audited") == 21);
  CHECK(json.at("false_stops") == 1);
  CHECK(json.at("too_few_to_tell") == false);
  Audited quiet;
  quiet.add(0.5);
  CHECK(pooled_text({{&quiet.builder.record(), {}, {}}, {&quiet.builder.record(), {}, {}}}).empty());
}

TEST_CASE("why a spared trial went on") {
  Audited study;
  const TrialRecord& trial = study.spared(0.5);
  const std::string text = why_text(study.builder.record(), trial.id);
  CHECK(text.find("At step 1 the rule median would have stopped it: it was weak.\n"
                  "The audit spared it: it ran on, and no rule could stop it any more.\n") != std::string::npos);
}

}  // namespace
}  // namespace tune::engine
