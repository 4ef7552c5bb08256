#include <doctest/doctest.h>

#include <limits>
#include <optional>
#include <set>

#include "strategies/stopping/warmup.hpp"
#include "tests/strategies_stopping/median_support.hpp"

using tune::Decision;
using tune::Options;
using tune::strategies::first_judged_step;
using tune::test::curves;
using tune::test::judge_last;
using tune::test::median;
using tune::test::StudyBuilder;

TEST_CASE("default warm-up: max(2, 20 % of the maximum step, rounded up)") {
  CHECK(first_judged_step({}, std::nullopt) == 2);
  for (const auto& row : {std::pair{1, 2}, {2, 2}, {10, 2}, {11, 3}, {15, 3}, {16, 4}, {30, 6}, {81, 17}, {100, 20}}) {
    CHECK_MESSAGE(first_judged_step({}, row.first) == row.second, "max_step ", row.first);
  }
}

TEST_CASE("warm-up as a step") {
  CHECK(first_judged_step(std::int64_t{0}, 10) == 1);
  CHECK(first_judged_step(std::int64_t{1}, 10) == 1);
  CHECK(first_judged_step(std::int64_t{7}, std::nullopt) == 7);
}

TEST_CASE("warm-up as a share is rounded up, and a whole product stays whole") {
  CHECK(first_judged_step(0.0, 10) == 1);
  CHECK(first_judged_step(0.25, 10) == 3);
  CHECK(first_judged_step(1.0, 10) == 10);
  CHECK(first_judged_step(0.07, 100) == 7);
  CHECK(first_judged_step(0.3, std::nullopt) == 2);
  for (int percent = 1; percent <= 100; ++percent) CHECK(first_judged_step(percent / 100.0, 300) == 3 * percent);
}

TEST_CASE("nothing is judged before the warm-up is over") {
  StudyBuilder study = curves();
  for (int i = 0; i < 5; ++i) study.add({.curve = std::vector<double>(20, 1.0)});
  const auto judged = study.add({.curve = std::vector<double>(19, 0.0), .status = tune::TrialStatus::kInProgress});
  const auto first_stop = [&](const Options& options) {
    const auto rule = median(options);
    for (std::int64_t step = 1; step <= 19; ++step) {
      const Decision decision = rule->judge(study.view(), study.cut(judged, step));
      if (decision.kind == Decision::Kind::kStop) return step;
      CHECK(decision.reason.find("comes before step") != std::string::npos);
    }
    return std::int64_t{0};
  };
  CHECK(first_stop({}) == 4);
  CHECK(first_stop({{"warmup", std::int64_t{1}}}) == 1);
  CHECK(first_stop({{"warmup", std::int64_t{11}}}) == 11);
  CHECK(first_stop({{"warmup", 0.5}}) == 10);
  CHECK(first_stop({{"warmup", 1.0}}) == 0);
}

TEST_CASE("the registry's entry: what a config may say") {
  tune::Registry registry;
  tune::strategies::register_policies(registry);
  const auto* entry = registry.find_policy("median");
  REQUIRE(entry != nullptr);
  std::set<std::string> names;
  for (const auto& spec : entry->options) {
    names.insert(spec.name);
    CHECK_FALSE(spec.doc.empty());
  }
  CHECK(names ==
        std::set<std::string>{"references", "value", "min_trials", "percentile", "margin", "warmup", "looks", "interval"});
  CHECK(median()->name() == "median");
  for (const auto& planned : registry.planned_policies()) CHECK(registry.find_policy(planned) == nullptr);
}

TEST_CASE("what the option tables cannot say is refused with a sentence") {
  const double infinity = std::numeric_limits<double>::infinity();
  const auto share = tune::test::make_rule("median", {{"warmup", 1.5}});
  REQUIRE_FALSE(share.ok());
  CHECK(share.status().code() == tune::ErrorCode::kInvalid);
  CHECK(share.status().message() == "warmup: the share 1.5 is not between 0 and 1 (0 % and 100 %)");
  CHECK_FALSE(tune::test::make_rule("median", {{"warmup", -0.1}}).ok());
  CHECK_FALSE(tune::test::make_rule("median", {{"margin", infinity}}).ok());
  CHECK(tune::test::make_rule("median", {{"warmup", 1.0}}).ok());
}
