#include <doctest/doctest.h>

#include "tests/strategies_stopping/median_support.hpp"

namespace tune::test {
namespace {

/// The steps at which a trial with values at `steps` is judged, by a rule that would stop it at any.
std::vector<std::int64_t> looked_at(const Options& given, std::int64_t max_step, const std::vector<std::int64_t>& steps) {
  StudyBuilder study = curves();
  study.record().declared_max_step = max_step;
  const TrialId trial = study.propose({});
  for (const std::int64_t step : steps) study.observe(trial, step, 0.0);
  Options options = given;
  options["lower"] = 1.0;
  const auto rule = make_rule("threshold", options).value();
  std::vector<std::int64_t> found;
  for (const std::int64_t step : steps) {
    if (rule->judge(study.view(), study.cut(trial, step)).kind == Decision::Kind::kStop) found.push_back(step);
  }
  return found;
}

std::vector<std::int64_t> all(std::int64_t last) {
  std::vector<std::int64_t> steps;
  for (std::int64_t step = 1; step <= last; ++step) steps.push_back(step);
  return steps;
}

TEST_CASE("looks: every step, every k-th from the first judged, geometric; never at the maximum step") {
  using Steps = std::vector<std::int64_t>;
  CHECK(looked_at({}, 6, all(6)) == Steps{1, 2, 3, 4, 5});
  CHECK(looked_at({{"interval", std::int64_t{3}}}, 12, all(12)) == Steps{1, 4, 7, 10});
  CHECK(looked_at({{"interval", std::int64_t{5}}, {"warmup", 0.2}}, 20, all(20)) == Steps{4, 9, 14, 19});
  // 5, 7, 9.8, 13.72, 19.208, 26.8912, 37.64768, 52.7
  CHECK(looked_at({{"looks", std::string("geometric")}, {"warmup", 0.1}}, 50, all(50)) == Steps{5, 7, 10, 14, 20, 27, 38});
  CHECK(looked_at({{"looks", std::string("geometric")}, {"warmup", std::int64_t{1}}}, 9, all(9)) == Steps{1, 2, 3, 4, 5, 6, 8});
}

TEST_CASE("looks: one that falls on a step that was not reported is taken at the next") {
  using Steps = std::vector<std::int64_t>;
  CHECK(looked_at({{"interval", std::int64_t{4}}}, 20, {2, 3, 6, 7, 8, 14, 15}) == Steps{2, 6, 14});
  CHECK(looked_at({{"looks", std::string("geometric")}, {"warmup", 0.1}}, 50, {4, 6, 8, 9, 30, 31}) == Steps{6, 8, 30});
}

TEST_CASE("looks: an interval beside geometric looks is refused") {
  const auto refused =
      make_rule("threshold", {{"lower", 1.0}, {"looks", std::string("geometric")}, {"interval", std::int64_t{2}}});
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.status().message() == "interval: given 2; allowed: only with looks: every");
}

}  // namespace
}  // namespace tune::test
