#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <map>

#include "engine/replay/replay.hpp"
#include "engine/replay/virtual_study.hpp"
#include "tune/random.hpp"
#include "tune/registry.hpp"

namespace tune::engine {
namespace {

Curves curves_from(const std::vector<std::vector<double>>& rows) {
  Curves curves;
  curves.source = "by hand";
  for (const auto& row : rows) {
    Curve curve;
    for (std::size_t i = 0; i < row.size(); ++i) curve.points.push_back({static_cast<std::int64_t>(i) + 1, row[i]});
    curves.max_step = std::max(curves.max_step, curve.last_step());
    curves.curves.push_back(std::move(curve));
  }
  return curves;
}

/// A rule made of a function.
class Rule final : public StoppingPolicy {
 public:
  using Judge = std::function<Decision::Kind(const StudyView&, const TrialView&)>;
  explicit Rule(Judge judge, std::function<Plan(const StudyView&)> plan = {})
      : judge_(std::move(judge)), plan_(std::move(plan)) {}
  [[nodiscard]] std::string_view name() const override { return "test"; }
  [[nodiscard]] Decision judge(const StudyView& study, const TrialView& trial) const override {
    Decision decision;
    decision.kind = judge_(study, trial);
    decision.rule = "test";
    decision.reason = "by hand";
    return decision;
  }
  [[nodiscard]] Plan plan(const StudyView& study) const override { return plan_ ? plan_(study) : Plan(); }

 private:
  Judge judge_;
  std::function<Plan(const StudyView&)> plan_;
};

/// Stops what is worse than the mean of the values that completed trials had at the same step.
Decision::Kind below_mean(const StudyView& study, const TrialView& trial) {
  double sum = 0.0;
  int count = 0;
  for (const TrialView other : study.finished()) {
    if (other.status() != TrialStatus::kCompleted) continue;
    for (const Point& point : other.objective()) {
      if (point.step == trial.last_step()) sum += point.value, ++count;
    }
  }
  return count > 0 && trial.objective().back().value < sum / count ? Decision::Kind::kStop : Decision::Kind::kContinue;
}

TEST_CASE("one after the other: every order of a few curves, against plain loops") {
  RandomStream stream(3, 1, "curves");
  std::vector<std::vector<double>> rows(5, std::vector<double>(4));
  for (auto& row : rows) {
    for (double& value : row) value = std::floor(stream.uniform() * 6.0);
  }
  rows[2][1] = std::numeric_limits<double>::quiet_NaN();  // diverges at step 2
  rows[4].resize(3);
  const Curves curves = curves_from(rows);
  const Rule rule(below_mean);
  VirtualStudy study(curves, &rule, maximize("score"), 1);
  std::vector<std::size_t> order{0, 1, 2, 3, 4};
  do {
    const auto outcomes = study.run(order, 1);
    std::vector<std::size_t> completed;
    for (std::size_t i = 0; i < order.size(); ++i) {
      const auto& row = rows[order[i]];
      std::size_t ran = 0;
      bool stopped = false;
      while (ran < row.size() && !stopped) {
        const double value = row[ran++];
        double sum = 0.0;
        int count = 0;
        for (const std::size_t other : completed) {
          if (rows[other].size() >= ran) sum += rows[other][ran - 1], ++count;
        }
        stopped = std::isnan(value) || (count > 0 && value < sum / count);
      }
      if (!stopped) completed.push_back(order[i]);
      CHECK(outcomes[i].steps == static_cast<std::int64_t>(ran));
      // Stopped at its last step, it has lost nothing.
      CHECK(outcomes[i].to_the_end == (ran == row.size() && !std::isnan(row[ran - 1])));
    }
  } while (std::ranges::next_permutation(order).found);
}

TEST_CASE("several at once: in the order of time, the earlier trial first, a free worker takes the next curve") {
  const Curves curves = curves_from({{1, 1, 1}, {1, 1}, {1, 1}, {1}});
  std::vector<std::pair<TrialId, std::int64_t>> seen;
  const Rule rule([&](const StudyView&, const TrialView& trial) {
    seen.emplace_back(trial.id(), trial.last_step());
    return trial.id() == 1 && trial.last_step() == 2 ? Decision::Kind::kStop : Decision::Kind::kContinue;
  });
  VirtualStudy study(curves, &rule, maximize("score"), 2);
  const std::vector<std::size_t> order{0, 1, 2, 3};
  const auto outcomes = study.run(order, 1);
  CHECK(seen == std::vector<std::pair<TrialId, std::int64_t>>{{1, 1}, {2, 1}, {1, 2}, {2, 2}, {3, 1}, {4, 1}, {3, 2}});
  CHECK(outcomes[0].steps == 2);
  CHECK_FALSE(outcomes[0].to_the_end);
  CHECK(outcomes[1].to_the_end);
  CHECK(study.record().trial(1).status == TrialStatus::kStopped);
  CHECK(study.record().finished_order == std::vector<TrialId>{1, 2, 4, 3});
}

TEST_CASE("a missing step takes its time and is not judged") {
  Curves curves = curves_from({{1, 1, 1}, {1, 1, 1}});
  curves.curves[0].points.erase(curves.curves[0].points.begin());  // steps 2 and 3
  std::vector<std::pair<TrialId, std::int64_t>> seen;
  const Rule rule([&](const StudyView&, const TrialView& trial) {
    seen.emplace_back(trial.id(), trial.last_step());
    return Decision::Kind::kContinue;
  });
  VirtualStudy study(curves, &rule, maximize("score"), 2);
  const std::vector<std::size_t> order{0, 1};
  (void)study.run(order, 1);
  CHECK(seen == std::vector<std::pair<TrialId, std::int64_t>>{{2, 1}, {1, 2}, {2, 2}, {1, 3}, {2, 3}});
}

TEST_CASE("a paused trial gives its worker away and goes on where it was when the rule says so") {
  const Curves curves = curves_from({{1, 5, 5}, {3, 5, 5}, {2, 5, 5}});
  const Rule rule(
      [](const StudyView&, const TrialView& trial) {
        return trial.last_step() == 1 ? Decision::Kind::kPause : Decision::Kind::kContinue;
      },
      [](const StudyView& study) {
        Plan plan;
        std::optional<double> best;
        int paused = 0;
        for (const TrialView trial : study.running()) {
          if (trial.record().secondary != SecondaryStatus::kPaused) continue;
          ++paused;
          if (!best || *trial.best() > *best) best = trial.best(), plan.resume = trial.id();
        }
        return paused == 3 ? plan : Plan();
      });
  VirtualStudy study(curves, &rule, maximize("score"), 1);
  const std::vector<std::size_t> order{0, 1, 2};
  for (int again = 0; again < 2; ++again) {
    const auto outcomes = study.run(order, 1);
    CHECK(outcomes[0].steps == 1);
    CHECK_FALSE(outcomes[0].to_the_end);
    CHECK(outcomes[1].steps == 3);
    CHECK(outcomes[1].to_the_end);
    CHECK(outcomes[2].steps == 1);
    CHECK(study.record().trial(2).attempts.size() == 2);
  }
}

TEST_CASE("rules that promote bring the best curve to its end, few as the curves are, at less than half of the steps") {
  std::vector<std::vector<double>> rows;
  for (int row = 0; row < 9; ++row) {
    rows.emplace_back();
    for (int step = 1; step <= 12; ++step) rows.back().push_back(row * step);
  }
  const Curves curves = curves_from(rows);
  const std::vector<std::size_t> order{3, 7, 0, 5, 8, 1, 4, 2, 6};
  for (const int workers : {1, 4}) {
    const auto policy = builtin().make_policy(Space(), named("asha", {{"min_resource", std::int64_t{1}},
                                                                      {"reduction_factor", 3.0},
                                                                      {"brackets", std::int64_t{1}},
                                                                      {"mode", std::string("promote")}}));
    REQUIRE(policy.ok());
    VirtualStudy study(curves, policy->get(), maximize("score"), workers);
    std::int64_t steps = 0;
    const auto outcomes = study.run(order, 1);
    for (const VirtualOutcome& outcome : outcomes) steps += outcome.steps;
    CHECK(outcomes[4].to_the_end);
    CHECK(outcomes[2].steps == 1);
    CHECK(steps < 9 * 12 / 2);
  }
}

TEST_CASE("figures: by hand, the same on any number of threads, other seeds other orders") {
  // Final values 10, 6, 4, 0: best - median is 5. Only the best is stopped, at step 1 of 2.
  const Curves curves = curves_from({{9, 10}, {1, 6}, {1, 4}, {1, 0}});
  const Rule rule([](const StudyView&, const TrialView& trial) {
    return trial.objective().back().value > 8.0 ? Decision::Kind::kStop : Decision::Kind::kContinue;
  });
  ReplaySettings settings;
  settings.objective = maximize("score");
  settings.repeats = 7;
  const auto row = replay(curves, "test", &rule, settings);
  REQUIRE(row.ok());
  CHECK(row->epochs_share.mean == doctest::Approx(7.0 / 8.0));
  CHECK(row->epochs_share.error == doctest::Approx(0.0));
  CHECK(row->winner_lost.mean == doctest::Approx(1.0));
  CHECK(row->regret.mean == doctest::Approx((10.0 - 6.0) / 5.0));
  CHECK_FALSE(row->seconds_saved.has_value());

  RandomStream stream(5, 1, "curves");
  std::vector<std::vector<double>> rows(40, std::vector<double>(6));
  for (auto& values : rows) {
    for (double& value : values) value = stream.uniform();
  }
  const Curves random = curves_from(rows);
  const Rule mean(below_mean);
  settings.trials = 10;
  settings.repeats = 50;
  settings.threads = 1;
  const auto one = replay(random, "mean", &mean, settings);
  settings.threads = 5;
  const auto five = replay(random, "mean", &mean, settings);
  settings.seed = 2;
  const auto other = replay(random, "mean", &mean, settings);
  REQUIRE(one.ok());
  CHECK(one->epochs_share.mean == five->epochs_share.mean);
  CHECK(one->regret.error == five->regret.error);
  CHECK(one->epochs_share.mean != other->epochs_share.mean);

  Curves alike = curves_from({{1, 2}, {3, 2}});
  CHECK(replay(alike, "test", &rule, settings).status().message().find("no regret") != std::string::npos);
}

TEST_CASE("what is not finite at the end counts as the worst; nothing run to the end has the regret of the worst") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const Curves curves = curves_from({{0, 10}, {0, nan}, {0, 4}, {0, 2}});  // as 10, 2, 4, 2: best - median is 7
  const Rule all([](const StudyView&, const TrialView&) { return Decision::Kind::kStop; });
  ReplaySettings settings;
  settings.objective = maximize("score");
  settings.repeats = 3;
  const auto row = replay(curves, "all", &all, settings);
  REQUIRE(row.ok());
  CHECK(row->epochs_share.mean == doctest::Approx(0.5));
  CHECK(row->winner_lost.mean == doctest::Approx(1.0));
  CHECK(row->regret.mean == doctest::Approx(8.0 / 7.0));
}

}  // namespace
}  // namespace tune::engine
