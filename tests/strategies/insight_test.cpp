#include "tune/insight.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <functional>
#include <map>

#include "strategies/bayesian/output_warp.hpp"
#include "strategies/sobol.hpp"
#include "tests/support/study_builder.hpp"
#include "tune/random.hpp"
#include "tune/unit_cube.hpp"

using namespace tune;
using namespace tune::strategies;
using namespace tune::test;

namespace {

double number(const Configuration& configuration, std::size_t index) { return as_number(*configuration[index]); }

/// `trials` completed trials at the points of a scrambled Sobol sequence.
StudyBuilder studied(const Space& space, const Objective& objective, const std::function<double(const Configuration&)>& value,
                     int trials) {
  StudyBuilder builder(space, objective, 5);
  const UnitCube cube(space);
  const ScrambledSobol sequence(11, "test", space.size());
  std::vector<double> point(space.size());
  for (int i = 0; i < trials; ++i) {
    sequence.point(i, point);
    const Configuration configuration = cube.decode(point);
    builder.add({configuration, {value(configuration)}});
  }
  return builder;
}

std::map<std::string, ParameterImportance> by_name(const Insight& insight) {
  std::map<std::string, ParameterImportance> out;
  for (const ParameterImportance& one : insight.importances) out[one.name] = one;
  return out;
}

Space cube_of(int dimensions) {
  Space space;
  for (int i = 0; i < dimensions; ++i) space.uniform("x" + std::to_string(i), 0.0, 1.0);
  return space;
}

double bowl(const Configuration& c) {
  const double x = number(c, 0) - 0.3;
  const double y = number(c, 1) - 0.6;
  return 2.0 + x * x + 0.5 * y * y;
}

/// Every figure: finite, shares in [0, 1] and 1 in all or 0, largest first, intervals in order.
void check_sound(const Insight& insight) {
  double sum = insight.interaction_share;
  double before = 1.0;
  for (const ParameterImportance& one : insight.importances) {
    CHECK(one.share >= 0.0);
    CHECK(one.share <= before);
    CHECK(one.share_sd >= 0.0);
    CHECK(std::isfinite(one.share_sd));
    before = one.share;
    sum += one.share;
  }
  CHECK(insight.explained >= 0.0);
  CHECK(insight.explained <= 1.0);
  CHECK((sum == 0.0 || sum == doctest::Approx(1.0)));
  for (const PredictedValue& predicted : {insight.at_predicted_best, insight.at_best_trial}) {
    CHECK(std::isfinite(predicted.low));
    CHECK(std::isfinite(predicted.high));
    CHECK(predicted.low <= predicted.value);
    CHECK(predicted.value <= predicted.high);
  }
}

}  // namespace

TEST_CASE("the shares of an additive function are those of its terms; a parameter without effect has none") {
  // Nearly symmetric about its median and far from its best, so that the output warp bends it little: variances 9, 4, 0 of 13.
  const auto sum = [](const Configuration& c) { return 3.0 * number(c, 0) - 2.0 * number(c, 1); };
  const StudyBuilder study = studied(cube_of(3), maximize("score"), sum, 60);
  const auto insight = study_insight(study.view());
  REQUIRE(insight);
  check_sound(*insight);
  CHECK(insight->trials == 60);
  auto shares = by_name(*insight);
  CHECK(std::abs(shares["x0"].share - 9.0 / 13.0) < 0.06);
  CHECK(std::abs(shares["x1"].share - 4.0 / 13.0) < 0.06);
  CHECK(shares["x2"].share < 0.01);
  CHECK(shares["x2"].share_sd < 0.05);
  CHECK(insight->interaction_share < 0.08);
  CHECK(insight->importances.front().name == "x0");
  CHECK(insight->explained > 0.95);
  CHECK(shares["x0"].share_sd > 0.0);
  CHECK(shares["x0"].share_sd < 0.2);
}

TEST_CASE("what parameters do only together is an interaction") {
  const auto product = [](const Configuration& c) { return (number(c, 0) - 0.5) * (number(c, 1) - 0.5); };
  const StudyBuilder study = studied(cube_of(2), maximize("score"), product, 60);
  const auto insight = study_insight(study.view());
  REQUIRE(insight);
  check_sound(*insight);
  CHECK(insight->interaction_share > 0.8);
}

TEST_CASE("pure noise is not explained") {
  RandomStream stream(1, 0, "noise");
  const StudyBuilder study = studied(
      cube_of(4), maximize("score"), [&](const Configuration&) { return stream.normal(); }, 40);
  const auto insight = study_insight(study.view());
  REQUIRE(insight);
  check_sound(*insight);
  CHECK(insight->explained < 0.2);
}

TEST_CASE("the predicted best is near the best, which lies in its interval; both goals see the same") {
  const StudyBuilder study = studied(cube_of(2), minimize("loss"), bowl, 25);
  const auto insight = study_insight(study.view());
  REQUIRE(insight);
  check_sound(*insight);
  CHECK(number(insight->predicted_best, 0) == doctest::Approx(0.3).epsilon(0.1));
  CHECK(number(insight->predicted_best, 1) == doctest::Approx(0.6).epsilon(0.1));
  CHECK(insight->at_predicted_best.low <= bowl(insight->predicted_best));
  CHECK(insight->at_predicted_best.high >= bowl(insight->predicted_best));
  CHECK(insight->at_predicted_best.value == doctest::Approx(2.0).epsilon(0.01));
  CHECK(insight->at_predicted_best.value <= insight->at_best_trial.value);
  const TrialRecord& best = study.record().trial(insight->best_trial);
  for (const TrialRecord& trial : study.record().trials) CHECK(*best.value <= *trial.value);
  CHECK(insight->at_best_trial.value == doctest::Approx(*best.value).epsilon(0.01));

  const StudyBuilder negated = studied(
      cube_of(2), maximize("score"), [](const Configuration& c) { return -bowl(c); }, 25);
  const auto other = study_insight(negated.view());
  REQUIRE(other);
  CHECK(other->at_predicted_best.value == -insight->at_predicted_best.value);
  CHECK(other->at_predicted_best.low == -insight->at_predicted_best.high);
  CHECK(other->predicted_best == insight->predicted_best);
  for (std::size_t i = 0; i < 2; ++i) {
    CHECK(other->importances[i].name == insight->importances[i].name);
    CHECK(other->importances[i].share == insight->importances[i].share);
    CHECK(other->importances[i].share_sd == insight->importances[i].share_sd);
  }
}

TEST_CASE("categories, whole numbers, conditions") {
  Space space;
  const auto kind = space.categorical("kind", {"a", "b", "c"});
  space.integer("n", 1, 4);
  space.log_uniform("rate", 1e-4, 1.0);
  space.when(kind, {"b"}).uniform("depth", 0.0, 1.0);
  const auto value = [](const Configuration& c) {
    const bool b = std::get<std::string>(*c[0]) == "b";
    return (b ? 1.0 + 0.5 * number(c, 3) : 0.0) + 0.2 * number(c, 1);
  };
  const StudyBuilder study = studied(space, maximize("score"), value, 80);
  const auto insight = study_insight(study.view());
  REQUIRE(insight);
  check_sound(*insight);
  auto shares = by_name(*insight);
  REQUIRE(shares.size() == 4);
  CHECK(insight->importances.front().name == "kind");
  CHECK(shares["kind"].share > 0.5);
  CHECK(shares["n"].share > 0.05);
  CHECK(shares["depth"].share < 0.05);  // it exists in a third of the space only
  CHECK(shares["rate"].share < 0.03);
  CHECK(std::get<std::string>(*insight->predicted_best[0]) == "b");
  CHECK(number(insight->predicted_best, 1) == 4.0);
  CHECK(number(insight->predicted_best, 3) > 0.8);
}

TEST_CASE("too little to tell: few trials, all failed, nothing that varies") {
  CHECK_FALSE(study_insight(StudyBuilder(cube_of(1)).view()));
  const StudyBuilder few = studied(cube_of(2), minimize("loss"), bowl, kInsightTrials - 1);
  CHECK_FALSE(study_insight(few.view()));
  const StudyBuilder enough = studied(cube_of(2), minimize("loss"), bowl, kInsightTrials);
  const auto insight = study_insight(enough.view());
  REQUIRE(insight);
  check_sound(*insight);

  StudyBuilder failed(cube_of(2));
  StudyBuilder diverged(cube_of(2));
  for (int i = 0; i < 20; ++i) {
    const Configuration configuration = configuration_of(failed.record().space, {{"x0", i / 20.0}, {"x1", 0.5}});
    failed.add({configuration, {}, TrialStatus::kFailed});
    diverged.add({configuration, {1.0}, TrialStatus::kStopped, "diverged"});
  }
  CHECK_FALSE(study_insight(failed.view()));
  CHECK_FALSE(study_insight(diverged.view()));

  Space fixed;
  fixed.uniform("x", 0.5, 0.5);
  StudyBuilder same(fixed);
  for (int i = 0; i < 10; ++i) same.add({configuration_of(fixed, {{"x", 0.5}}), {static_cast<double>(i)}});
  CHECK_FALSE(study_insight(same.view()));
}

TEST_CASE("values that break careless arithmetic") {
  const std::vector<std::function<double(const Configuration&)>> cases = {
      [](const Configuration&) { return 3.0; },
      [](const Configuration& c) { return 1e12 + number(c, 0); },
      [](const Configuration& c) { return number(c, 0) < 0.5 ? 1.7e308 : -1.7e308; },
      [](const Configuration& c) { return std::exp(600.0 * number(c, 0)); },
      [](const Configuration& c) { return 1e-310 * number(c, 0); },
  };
  for (const auto& value : cases) {
    for (const Objective& objective : {maximize("score"), minimize("loss")}) {
      const StudyBuilder study = studied(cube_of(2), objective, value, 20);
      const auto insight = study_insight(study.view());
      REQUIRE(insight);
      check_sound(*insight);
    }
  }
  const StudyBuilder constant = studied(cube_of(2), maximize("score"), cases[0], 20);
  const auto flat = study_insight(constant.view());
  CHECK(flat->importances.front().share == 0.0);
  CHECK(flat->interaction_share == 0.0);
  CHECK(flat->at_predicted_best.value == 3.0);

  StudyBuilder duplicates(cube_of(1));
  for (int i = 0; i < 200; ++i) {
    duplicates.add({configuration_of(duplicates.record().space, {{"x0", 0.25}}), {std::sin(static_cast<double>(i))}});
  }
  const auto insight = study_insight(duplicates.view());
  REQUIRE(insight);
  check_sound(*insight);
}

TEST_CASE("stopped and diverged trials count, running ones do not; the same study says the same again") {
  StudyBuilder study = studied(cube_of(2), minimize("loss"), bowl, 15);
  const Space space = study.record().space;
  study.add({configuration_of(space, {{"x0", 0.9}, {"x1", 0.1}}), {NAN}, TrialStatus::kStopped, "diverged"});
  study.add({configuration_of(space, {{"x0", 0.8}, {"x1", 0.2}}), {3.0}, TrialStatus::kStopped, "median"});
  const auto insight = study_insight(study.view());
  REQUIRE(insight);
  check_sound(*insight);
  CHECK(insight->trials == 16);
  study.add({configuration_of(space, {{"x0", 0.1}, {"x1", 0.1}}), {0.0}, TrialStatus::kInProgress});
  const auto again = study_insight(study.view());
  REQUIRE(again);
  CHECK(again->predicted_best == insight->predicted_best);
  CHECK(again->at_predicted_best.value == insight->at_predicted_best.value);
  CHECK(again->interaction_share == insight->interaction_share);
  for (std::size_t i = 0; i < 2; ++i) {
    CHECK(again->importances[i].share == insight->importances[i].share);
    CHECK(again->importances[i].share_sd == insight->importances[i].share_sd);
  }
}

TEST_CASE("warped values find their way back") {
  const std::vector<double> raw = {-1000.0, 1.0, 2.0, 2.0, 3.0, 2.5, 3.0 - 1e-9, -5.0};
  const WarpedOutputs warped = warp_outputs(raw, std::vector<double>(raw.size(), 0.0));
  const Unwarp back(raw, warped.values);
  for (std::size_t i = 0; i < raw.size(); ++i) CHECK(back(warped.values[i]) == doctest::Approx(raw[i]));
  double last = -INFINITY;
  for (double at = -6.0; at < 6.0; at += 0.01) {
    CHECK(back(at) >= last);
    last = back(at);
  }
  CHECK(back(6.0) > 3.0);
  CHECK(back(6.0) < 30.0);  // along the chord, not along two neighbours
  CHECK(back(-6.0) < -1000.0);
  CHECK(Unwarp({4.0, 4.0}, {0.0, 0.0})(1.0) == 4.0);
  const Unwarp wide({-1.7e308, 1.7e308}, {-1.0, 1.0});
  CHECK(wide(0.0) == 0.0);
  CHECK(wide(0.5) == doctest::Approx(0.85e308));  // the way from one to the other is no double
  CHECK(std::isfinite(wide(100.0)));
}
