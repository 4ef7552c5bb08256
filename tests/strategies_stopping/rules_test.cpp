#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "strategies/stopping/variants/signed_rank.hpp"
#include "tests/strategies_stopping/median_support.hpp"

/// `percentile`, `patience`, `threshold` as docs/early-stopping.md defines them, and the variants that no code can be run for.
namespace tune::test {
namespace {

using Curve = std::vector<double>;

/// The step at which a lone curve of at most `max_step` steps is stopped; 0: it is not.
std::int64_t stopped_at(const StoppingPolicy& rule, const Curve& curve, Goal goal, std::int64_t max_step = 100) {
  StudyBuilder study = curves(goal);
  study.record().declared_max_step = max_step;
  const TrialId trial = study.add({.curve = curve, .status = TrialStatus::kInProgress});
  for (std::size_t i = 0; i < curve.size(); ++i) {
    const auto step = static_cast<std::int64_t>(i) + 1;
    if (rule.judge(study.view(), study.cut(trial, step)).kind == Decision::Kind::kStop) return step;
  }
  return 0;
}

std::unique_ptr<StoppingPolicy> rule(std::string_view name, const Options& given = {}) { return make_rule(name, given).value(); }

Curve negated(Curve curve) {
  for (double& value : curve) value = -value;
  return curve;
}

/// Three completed trials, of which the averages up to step 2 are 0.2, 0.5 and 0.6, and one that runs.
StudyBuilder three_and(const Curve& running) {
  StudyBuilder study = curves();
  study.add({.curve = {0.1, 0.3, 0.4, 0.4}});
  study.add({.curve = {0.4, 0.6, 0.7, 0.8}});
  study.add({.curve = {0.5, 0.7, 0.8, 0.9}});
  study.add({.curve = running, .status = TrialStatus::kInProgress});
  return study;
}

std::unique_ptr<StoppingPolicy> variant(const std::string& system, Options given = {}) {
  given["variant"] = system;
  return rule("median", given);
}

}  // namespace

TEST_CASE("patience: the worked example of the documentation") {
  const Curve curve{0.50, 0.60, 0.61, 0.60, 0.605, 0.62, 0.61};
  CHECK(stopped_at(*rule("patience", {{"patience", std::int64_t{3}}}), curve, Goal::kMaximize) == 0);
  CHECK(stopped_at(*rule("patience", {{"patience", std::int64_t{2}}}), curve, Goal::kMaximize) == 5);
  // .61 is no improvement on .60 by more than .05, nor is anything after it.
  CHECK(stopped_at(*rule("patience", {{"patience", std::int64_t{3}}, {"min_delta", 0.05}}), curve, Goal::kMaximize) == 5);
  CHECK(stopped_at(*rule("patience", {{"patience", std::int64_t{2}}}), negated(curve), Goal::kMinimize) == 5);
  CHECK(stopped_at(*rule("patience", {{"patience", std::int64_t{2}}, {"warmup", std::int64_t{6}}}), curve, Goal::kMaximize) == 0);
  CHECK(stopped_at(*rule("patience", {{"patience", std::int64_t{2}}}), curve, Goal::kMaximize, 5) == 0);  // the last step
}

TEST_CASE("patience: ties do not improve, NaN is no value, a trial of NaN has never improved") {
  CHECK(stopped_at(*rule("patience", {{"patience", std::int64_t{3}}}), {1, 1, 1, 1, 1}, Goal::kMinimize) == 4);
  CHECK(stopped_at(*rule("patience", {{"patience", std::int64_t{3}}}), {NAN, NAN, NAN, NAN}, Goal::kMinimize) == 3);
  CHECK(stopped_at(*rule("patience", {{"patience", std::int64_t{3}}}), {NAN, NAN, 1, NAN, 0.5, NAN}, Goal::kMinimize) == 0);
  StudyBuilder study = curves(Goal::kMinimize);
  const TrialId trial = study.add({.curve = {3, 2, 2, 2}, .status = TrialStatus::kInProgress});
  const Decision decision = judge_last(*rule("patience", {{"patience", std::int64_t{2}}}), study, trial);
  CHECK(decision.kind == Decision::Kind::kStop);
  CHECK(number(decision, "best_step") == 2.0);
  CHECK(number(decision, "values_since") == 2.0);
  CHECK(decision.reason == "2 values since score last improved by more than 0, to 2 at step 2; patience is 2");
}

TEST_CASE("threshold: bounds are inclusive, whatever the goal; a NaN lies outside") {
  for (const Goal goal : {Goal::kMaximize, Goal::kMinimize}) {
    CHECK(stopped_at(*rule("threshold", {{"lower", 0.25}}), {0.25, 0.5, 0.2}, goal) == 3);
    CHECK(stopped_at(*rule("threshold", {{"upper", 2.0}}), {-9.0, 2.0, 2.5}, goal) == 3);
    CHECK(stopped_at(*rule("threshold", {{"lower", 0.0}, {"upper", 2.0}}), {1.0, NAN}, goal) == 2);
    CHECK(stopped_at(*rule("threshold", {{"lower", 0.25}, {"warmup", std::int64_t{3}}}), {0.0, 0.0, 0.5, 0.1}, goal) == 4);
    CHECK(stopped_at(*rule("threshold", {{"lower", 0.25}}), {0.3, 0.1}, goal, 2) == 0);  // the last step
  }
  const auto nothing = make_rule("threshold");
  REQUIRE_FALSE(nothing.ok());
  CHECK(nothing.status().message() == "lower and upper: missing; allowed: one of them, or both");
  const auto crossed = make_rule("threshold", {{"lower", 2.0}, {"upper", 1.0}});
  REQUIRE_FALSE(crossed.ok());
  CHECK(crossed.status().message() == "lower: given 2; allowed: a number that does not exceed upper, 1");
  CHECK_FALSE(make_rule("threshold", {{"lower", static_cast<double>(NAN)}}).ok());
}

TEST_CASE("percentile is the median rule at another percentile, under its own name") {
  const auto percentile = rule("percentile", {{"min_trials", std::int64_t{3}}, {"warmup", std::int64_t{1}}});
  CHECK(percentile->name() == "percentile");
  // A quarter of the way from .2 to .6 in ranks: halfway between .2 and .5.
  CHECK(number(judge_last(*percentile, three_and({0.1, 0.34}), 4), "threshold") == doctest::Approx(0.35));
  CHECK(stops(*percentile, three_and({0.1, 0.34}), 4));
  CHECK_FALSE(stops(*percentile, three_and({0.1, 0.36}), 4));
}

TEST_CASE("vizier: the best value so far against the median of completed trials' averages") {
  CHECK_FALSE(stops(*variant("vizier"), three_and({0.51, 0.1}), 4));
  CHECK_FALSE(stops(*variant("vizier"), three_and({0.5, 0.1}), 4));  // a tie
  CHECK(stops(*variant("vizier"), three_and({0.49, 0.1}), 4));
  CHECK(stops(*variant("vizier"), three_and({NAN, NAN}), 4));
  CHECK_FALSE(stops(*variant("vizier"), three_and({NAN, 0.9}), 4));
  StudyBuilder alone = curves();
  alone.add({.curve = {0.9, 0.9, 0.9}, .status = TrialStatus::kStopped});
  const TrialId trial = alone.add({.curve = {0.1, 0.1}, .status = TrialStatus::kInProgress});
  CHECK_FALSE(stops(*variant("vizier"), alone, trial));  // a stopped trial is no reference
  StudyBuilder last = three_and({0.1, 0.2, 0.3, 0.3});
  last.record().declared_max_step = 4;
  CHECK(stops(*variant("vizier"), last, 4));  // there is no last step of ours
}

TEST_CASE("sagemaker: the current value; completed training jobs, or all that have got as far and did not fail") {
  CHECK(stops(*variant("sagemaker"), three_and({0.9, 0.49}), 4));
  CHECK_FALSE(stops(*variant("sagemaker"), three_and({0.1, 0.5}), 4));
  CHECK(stops(*variant("sagemaker"), three_and({0.1, NAN}), 4));
  StudyBuilder study = three_and({0.1, 0.45});
  study.add({.curve = {0.0, 0.1}, .status = TrialStatus::kStopped});
  study.add({.curve = {0.2, 0.1}, .status = TrialStatus::kInProgress});
  study.add({.curve = {0.9, 0.9}, .status = TrialStatus::kFailed});
  CHECK(stops(*variant("sagemaker"), study, 4));
  const auto reached = variant("sagemaker", {{"references", std::string("reached")}});
  CHECK(number(judge_last(*reached, study, 4), "threshold") == doctest::Approx(0.2));
  CHECK(judge_last(*reached, study, 4).references == std::vector<TrialId>{1, 2, 3, 5, 6});
  CHECK_FALSE(stops(*variant("sagemaker", {{"min_trials", std::int64_t{4}}}), three_and({0.1, 0.1}), 4));
}

TEST_CASE("azure: runs that have reported as many values, whatever their steps; some values only") {
  StudyBuilder study = curves();
  const TrialId sparse = study.propose({});
  study.observe(sparse, 10, 0.5).observe(sparse, 20, 0.7);
  study.add({.curve = {0.9}, .status = TrialStatus::kInProgress});
  study.add({.curve = {0.9, 0.9}, .status = TrialStatus::kFailed});
  const TrialId judged = study.add({.curve = {0.5, 0.4}, .status = TrialStatus::kInProgress});
  const Decision decision = judge_last(*variant("azure"), study, judged);
  CHECK(decision.references == std::vector<TrialId>{sparse});
  CHECK(number(decision, "threshold") == doctest::Approx(0.6));
  CHECK(decision.kind == Decision::Kind::kStop);
  CHECK_FALSE(stops(*variant("azure", {{"delay_evaluation", std::int64_t{3}}}), study, judged));
  CHECK(stops(*variant("azure", {{"delay_evaluation", std::int64_t{2}}}), study, judged));
  CHECK_FALSE(stops(*variant("azure", {{"evaluation_interval", std::int64_t{3}}}), study, judged));
  CHECK(stops(*variant("azure", {{"evaluation_interval", std::int64_t{2}}}), study, judged));
}

TEST_CASE("katib: one look, at a mean of means that was fixed when the trial was created") {
  const Options given{{"min_trials_required", std::int64_t{2}}, {"start_step", std::int64_t{2}}};
  StudyBuilder study = curves();
  study.add({.curve = {0.2, 0.4, 9.0}});
  study.add({.curve = {0.6, 0.8, 9.0}});  // the means of the first two: .3 and .7, together .5
  const TrialId low = study.propose({});
  study.observe(low, 1, 0.1).observe(low, 2, 0.49);
  study.add({.curve = {9.0, 9.0, 9.0}});  // too late to count
  const Decision decision = judge_last(*variant("katib", given), study, low);
  CHECK(decision.kind == Decision::Kind::kStop);
  CHECK(number(decision, "threshold") == doctest::Approx(0.5));
  CHECK(decision.references == std::vector<TrialId>{1, 2});
  study.observe(low, 3, 0.0);
  CHECK_FALSE(stops(*variant("katib", given), study, low));  // no second look
  StudyBuilder better = curves();
  better.add({.curve = {0.2, 0.4}});
  better.add({.curve = {0.6, 0.8}});
  const TrialId high = better.add({.curve = {0.51, 0.0}, .status = TrialStatus::kInProgress});
  CHECK_FALSE(stops(*variant("katib", given), better, high));
  CHECK_FALSE(stops(*variant("katib", {{"start_step", std::int64_t{2}}}), better, high));  // three are needed
}

TEST_CASE("signed-rank test: p-values of scipy.stats.wilcoxon(d, alternative='greater', zero_method='zsplit'), SciPy 1.17.1") {
  const auto p = [](const std::vector<double>& differences) { return strategies::signed_rank_p(differences); };
  CHECK(p({1, 2, 3}) == 0.125);
  CHECK(p({-1, 2, 3, 5}) == 0.125);
  CHECK(p({1, 1, -1, 2}) == 0.25);
  CHECK(p({0, 0, 1, -2}) == 0.75);
  CHECK(p({0, 0}) == 1.0);
  std::vector<double> tied(14, 0.5);
  tied.resize(18, -0.5);
  CHECK(p(tied) == doctest::Approx(0.009211062727049501).epsilon(1e-12));
  std::vector<double> zeros(3, 0.0);
  for (int i = 0; i < 20; ++i) zeros.push_back(i - 4.0);
  CHECK(p(zeros) == doctest::Approx(0.0012911775044298546).epsilon(1e-12));
  std::vector<double> by_turns;
  for (int i = 0; i < 50; ++i) by_turns.push_back(i % 2 == 0 ? i + 1.0 : -i - 1.0);
  CHECK(p(by_turns) == doctest::Approx(0.5494910038496386).epsilon(1e-12));
  by_turns.push_back(51.0);  // no longer exact
  CHECK(p(by_turns) == doctest::Approx(0.4515068999419386).epsilon(1e-12));
}

TEST_CASE("what a variant requires, and its numbers") {
  const auto percentile = make_rule("percentile", {{"variant", std::string("optuna")}});
  REQUIRE_FALSE(percentile.ok());
  CHECK(percentile.status().message() == "percentile: missing; allowed: number of 0 to 100");
  const auto patience = make_rule("patience", {{"variant", std::string("optuna")}});
  REQUIRE_FALSE(patience.ok());
  CHECK(patience.status().message() == "patience: missing; allowed: int >= 0");
  for (const char* system : {"vizier", "sagemaker", "azure", "optuna", "ray", "nni", "synetune", "katib"}) {
    CAPTURE(system);
    CHECK(variant(system)->name() == "median");
  }
}

TEST_CASE("the negated objective with the opposite goal gives the same decisions") {
  const std::vector<Curve> completed{{0.1, 0.3, 0.4}, {0.4, NAN, 0.7}, {0.5, 0.7, 0.8}, {0.2, 0.2, 0.2}, {0.3, 0.5, 0.1}};
  const std::vector<Curve> running{{0.3, 0.35}, {0.1, 0.1}, {0.9, 0.2}, {0.4, 0.45, 0.2}};
  for (const std::string system : {"", "vizier", "sagemaker", "azure", "optuna", "ray", "nni", "synetune", "katib"}) {
    CAPTURE(system);
    StudyBuilder up = curves(Goal::kMaximize);
    StudyBuilder down = curves(Goal::kMinimize);
    for (Curve curve : completed) {
      if (system == "nni" && std::isnan(curve[1])) curve[1] = 0.6;  // where NNI sorts a NaN to depends on the order of arrival
      up.add({.curve = curve});
      down.add({.curve = negated(curve)});
    }
    Options given;
    if (!system.empty()) given["variant"] = system;
    if (system == "ray") given["time_attr"] = std::string("training_iteration");
    if (system == "ray") given["grace_period"] = 1.0;
    if (system == "katib") given["start_step"] = std::int64_t{2};
    const auto judge = rule("median", given);
    for (const Curve& curve : running) {
      const TrialId one = up.add({.curve = curve, .status = TrialStatus::kInProgress});
      const TrialId other = down.add({.curve = negated(curve), .status = TrialStatus::kInProgress});
      CHECK(stops(*judge, up, one) == stops(*judge, down, other));
    }
  }
}

}  // namespace tune::test
