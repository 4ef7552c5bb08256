#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "engine/replay/replay.hpp"
#include "engine/replay/virtual_study.hpp"
#include "tests/strategies_stopping/median_support.hpp"
#include "tune/random.hpp"

/// Learning curves of every kind that rules meet, with what is expected of `auto` on them: how much it may run, and how often it
/// may lose the best of sixty trials. The bounds have a large margin.
namespace tune::test {
namespace {

constexpr int kCurves = 300;
constexpr int kSteps = 40;

/// A curve of a trial whose quality is `quality` (0 to 1).
using Shape = std::function<double(double quality, double luck, int step, RandomStream& stream)>;

double rising(double step, double rate) { return 1.0 - std::exp(-rate * step); }

engine::Curves curves_of_shape(const Shape& shape, double sign = 1.0) {
  engine::Curves curves;
  curves.source = "scenario";
  curves.max_step = kSteps;
  for (int i = 0; i < kCurves; ++i) {
    RandomStream stream(11, i, "scenario");
    const double quality = stream.uniform();
    const double luck = stream.uniform();
    engine::Curve curve;
    for (int step = 1; step <= kSteps; ++step) curve.points.push_back({step, sign * shape(quality, luck, step, stream)});
    curves.curves.push_back(std::move(curve));
  }
  return curves;
}

engine::ReplayRow replayed(const engine::Curves& curves, const std::string& rule = "auto", Goal goal = Goal::kMaximize,
                           int workers = 1) {
  engine::ReplaySettings settings;
  settings.objective = maximize("score");
  settings.objective.goal = goal;
  settings.trials = 60;
  settings.repeats = 100;
  settings.workers = workers;
  const auto policy = make_rule(rule).value();
  auto row = engine::replay(curves, rule, policy.get(), settings);
  REQUIRE(row.ok());
  MESSAGE(rule << ": steps run " << row->epochs_share.mean << ", best lost " << row->winner_lost.mean << ", regret "
               << row->regret.mean);
  return *row;
}

void expect(const engine::ReplayRow& row, double most_run, double most_lost) {
  CHECK(row.epochs_share.mean < most_run);
  CHECK(row.winner_lost.mean <= most_lost);
}

double ordinary(double quality, double luck, int step, RandomStream& stream) {
  return quality * rising(step, 0.05 + 0.1 * luck) + 0.005 * stream.normal();
}

TEST_CASE("curves that rise and level off: much is saved, the best is kept") {
  expect(replayed(curves_of_shape(ordinary)), 0.5, 0.08);
  expect(replayed(curves_of_shape(ordinary), "auto", Goal::kMaximize, 8), 0.6, 0.08);
}

TEST_CASE("minimised: the same decisions as for the mirrored curves maximised") {
  const auto up = replayed(curves_of_shape(ordinary));
  const auto down = replayed(curves_of_shape(ordinary, -1.0), "auto", Goal::kMinimize);
  CHECK(up.epochs_share.mean == down.epochs_share.mean);
  CHECK(up.winner_lost.mean == down.winner_lost.mean);
  CHECK(up.regret.mean == doctest::Approx(down.regret.mean));
}

TEST_CASE("curves that cross late: fast starters end low, so early values say nothing, and little is stopped before they do") {
  const auto row = replayed(curves_of_shape([](double quality, double, int step, RandomStream& stream) {
    const double early = (1.0 - quality) * rising(step, 0.5);
    const double late = 2.0 * quality / (1.0 + std::exp(-0.5 * (step - 25.0)));
    return early + late + 0.01 * stream.normal();
  }));
  expect(row, 0.8, 0.1);
}

TEST_CASE("slow starters: nothing is to be seen of a trial before it rises, at a step of its own") {
  const auto row = replayed(curves_of_shape([](double quality, double luck, int step, RandomStream& stream) {
    return quality * rising(std::max(0.0, step - 15.0 * luck), 0.3) + 0.005 * stream.normal();
  }));
  // The hardest kind: a late riser looks like a bad one until it rises. More are lost, at a small regret.
  expect(row, 0.7, 0.25);
  CHECK(row.regret.mean < 0.03);
}

TEST_CASE("noise as large as a third of what sets trials apart") {
  const auto row = replayed(curves_of_shape([](double quality, double luck, int step, RandomStream& stream) {
    return quality * rising(step, 0.1 + 0.1 * luck) + 0.1 * stream.normal();
  }));
  // The best final value is half luck here, and luck cannot be seen coming: the regret is what counts.
  expect(row, 0.75, 0.35);
  CHECK(row.regret.mean < 0.1);
}

TEST_CASE("a drop of the learning rate: all rise late, the best the most") {
  const auto row = replayed(curves_of_shape([](double quality, double luck, int step, RandomStream& stream) {
    return 0.6 * quality * rising(step, 0.2) + (step > 24 ? 0.2 + 0.3 * quality + 0.05 * luck : 0.0) + 0.01 * stream.normal();
  }));
  expect(row, 0.6, 0.12);
}

TEST_CASE("curves of different length: a short one is complete, not stopped") {
  engine::Curves curves = curves_of_shape(ordinary);
  for (std::size_t i = 0; i < curves.curves.size(); i += 3) curves.curves[i].points.resize(kSteps / 2 + i % (kSteps / 2));
  expect(replayed(curves), 0.6, 0.1);
}

TEST_CASE("missing steps: a third of all values never arrives") {
  engine::Curves curves = curves_of_shape(ordinary);
  RandomStream stream(12, 1, "missing");
  for (engine::Curve& curve : curves.curves) {
    std::erase_if(curve.points,
                  [&](const engine::CurvePoint& point) { return point.step < kSteps && stream.uniform() < 1.0 / 3.0; });
  }
  expect(replayed(curves), 0.5, 0.08);
}

TEST_CASE("NaN: a fifth of all trials diverges somewhere, which stops nobody else") {
  engine::Curves curves = curves_of_shape(ordinary);
  for (std::size_t i = 0; i < curves.curves.size(); i += 5) {
    for (std::size_t k = i % kSteps; k < kSteps; ++k) curves.curves[i].points[k].value = std::numeric_limits<double>::quiet_NaN();
  }
  expect(replayed(curves), 0.5, 0.08);
}

TEST_CASE("resumed from a checkpoint: what is reported again changes no decision") {
  for (const char* name : {"auto", "predicted", "median", "percentile", "patience", "asha", "hyperband"}) {
    CAPTURE(std::string(name));
    const auto rule = make_rule(name).value();
    StudyBuilder once = curves();
    StudyBuilder again = curves();
    for (StudyBuilder* study : {&once, &again}) {
      study->record().declared_max_step = 20;
      for (int i = 0; i < 12; ++i) {
        std::vector<double> curve;
        for (int step = 1; step <= 20; ++step) curve.push_back((i % 7) * rising(step, 0.2) + 0.01 * ((i * step) % 5));
        study->add({.curve = std::move(curve)});
      }
    }
    const TrialId trial = once.propose({});
    (void)again.propose({});
    for (int step = 1; step <= 12; ++step) {
      once.observe(trial, step, 0.1 * step);
      again.observe(trial, step, 0.1 * step);
      // Interrupted after step 6, the trial begins again from its checkpoint of step 4.
      if (step == 6) again.observe(trial, 5, 0.1 * 5).observe(trial, 6, 0.1 * 6);
      const Decision first = rule->judge(once.view(), once.cut(trial, step));
      const Decision second = rule->judge(again.view(), again.cut(trial, step));
      CHECK(first.kind == second.kind);
      CHECK(first.reason == second.reason);
    }
  }
}

/// A random study: completed trials with ties and gaps, then a running one. The values are `sign` times the same.
StudyBuilder random_study(std::uint64_t seed, Goal goal, const std::vector<int>& finish_order, TrialId& judged) {
  const double sign = goal == Goal::kMaximize ? 1.0 : -1.0;
  StudyBuilder study = curves(goal);
  study.record().declared_max_step = 12;
  std::vector<TrialId> ids;
  for (std::size_t i = 0; i < finish_order.size(); ++i) ids.push_back(study.propose({}));
  judged = study.propose({});
  for (const int i : finish_order) {
    RandomStream stream(seed, i, "study");
    for (int step = 1; step <= 12; ++step) {
      const double value = std::floor(stream.uniform() * 5.0) + std::floor(step * stream.uniform());
      if (stream.uniform() < 0.9 || step == 12) study.observe(ids[static_cast<std::size_t>(i)], step, sign * value);
    }
    study.finish(ids[static_cast<std::size_t>(i)], TrialStatus::kCompleted);
  }
  RandomStream stream(seed, 1000, "study");
  const int until = 1 + static_cast<int>(stream.below(11));
  for (int step = 1; step <= until; ++step) study.observe(judged, step, sign * std::floor(stream.uniform() * 4.0));
  return study;
}

TEST_CASE("properties: the sign convention does not matter, nor the order in which others ended, nor what comes later") {
  const std::vector<Named> all{
      named("auto"),
      named("auto", {{"looks", std::string("every")}, {"delta", 0.4}}),
      named("predicted", {{"delta", 0.3}, {"looks", std::string("every")}}),
      named("median"),
      named("median", {{"references", std::string("reached")}, {"value", std::string("best")}}),
      named("percentile"),
      named("patience", {{"patience", std::int64_t{2}}}),
      named("all_of", {{"rules", std::vector<Named>{resolved(named("median")),
                                                    resolved(named("patience", {{"patience", std::int64_t{1}}}))}}})};
  for (const Named& named_rule : all) {
    CAPTURE(named_rule.name);
    const auto rule = make_rule(named_rule.name, named_rule.options).value();
    int stopped = 0;
    for (std::uint64_t seed = 1; seed <= 300; ++seed) {
      std::vector<int> order{0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
      TrialId judged = 0;
      const StudyBuilder up = random_study(seed, Goal::kMaximize, order, judged);
      const StudyBuilder down = random_study(seed, Goal::kMinimize, order, judged);
      RandomStream stream(seed, 1, "shuffle");
      for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[stream.below(i)]);
      const StudyBuilder shuffled = random_study(seed, Goal::kMaximize, order, judged);
      StudyBuilder later = random_study(seed, Goal::kMaximize, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, judged);
      const std::int64_t step = up.view().trial(judged).last_step();
      later.observe(judged, step + 1, 50.0);
      const Decision decision = judge_last(*rule, up, judged);
      stopped += decision.kind == Decision::Kind::kStop;
      CHECK(judge_last(*rule, down, judged).kind == decision.kind);
      const Decision other = judge_last(*rule, shuffled, judged);
      CHECK(other.kind == decision.kind);
      CHECK(other.reason == decision.reason);
      CHECK(rule->judge(later.view(), later.cut(judged, step)).reason == decision.reason);
    }
    CHECK(stopped > 10);
    CHECK(stopped < 290);
  }
}

}  // namespace
}  // namespace tune::test
