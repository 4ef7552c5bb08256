#include <algorithm>
#include <cmath>
#include <cstdio>
#include <numeric>
#include <string>
#include <vector>

#include "engine/replay/virtual_study.hpp"
#include "strategies/curves/forward.hpp"
#include "strategies/curves/predicted_final.hpp"
#include "tune/random.hpp"
#include "tune/registry.hpp"

/// How well final values are predicted, and how honest the uncertainty is, where `auto` stops a trial: that is what the search
/// learns of it.
///
///     stopping_predictions FILE.csv.gz maximize|minimize [...]
///
/// For each file, over 20 studies of 100 random trials: the median absolute error of the forward regression, of the median
/// remaining gain and of the last value, in units of (best - median) of all final values, and the share of final values inside
/// the 80 % intervals of the first two.
namespace {

using namespace tune;

constexpr int kStudies = 20;
constexpr std::size_t kTrials = 100;
constexpr double kNormal80 = 1.2815515655446004;  ///< of a normal, half an 80 % interval

struct Error {
  std::vector<double> absolute;
  int inside = 0;
  int intervals = 0;

  void add(double error) { absolute.push_back(std::abs(error)); }
  void add_interval(bool holds) { ++intervals, inside += holds; }
  [[nodiscard]] double median() {
    std::ranges::sort(absolute);
    return absolute.empty() ? std::nan("") : absolute[absolute.size() / 2];
  }
  [[nodiscard]] double covered() const { return 100.0 * inside / std::max(1, intervals); }
};

/// A rule that asks both models before it does what `auto` does.
class Watching final : public StoppingPolicy {
 public:
  Watching(const StoppingPolicy& rule, const engine::Curves& curves) : rule_(rule), curves_(curves) {}
  [[nodiscard]] std::string_view name() const override { return rule_.name(); }
  [[nodiscard]] Decision judge(const StudyView& study, const TrialView& trial) const override {
    Decision decision = rule_.judge(study, trial);
    if (decision.kind != Decision::Kind::kStop) return decision;
    const double truth = curves_.curves[order[static_cast<std::size_t>(trial.id() - 1)]].points.back().value;
    if (!std::isfinite(truth)) return decision;
    const double sign = study.objective().goal == Goal::kMaximize ? 1.0 : -1.0;
    const auto forecast = strategies::forecast(strategies::look_at(study, trial));
    const auto gain = strategies::predicted_final(study, trial);
    if (!forecast || !gain) return decision;
    forward.add((sign * forecast->mean - truth) / unit);
    const double chance = forecast->chance_above(sign * truth);
    forward.add_interval(chance >= 0.1 && chance <= 0.9);
    median_gain.add((gain->mean - truth) / unit);
    median_gain.add_interval(std::abs(gain->mean - truth) <= kNormal80 * std::sqrt(gain->variance));
    last.add((trial.objective().back().value - truth) / unit);
    return decision;
  }

  std::vector<std::size_t> order = {};
  double unit = 1.0;
  mutable Error forward = {}, median_gain = {}, last = {};

 private:
  const StoppingPolicy& rule_;
  const engine::Curves& curves_;
};

double unit_of(const engine::Curves& curves, double sign) {
  std::vector<double> finals;
  for (const auto& curve : curves.curves) {
    if (std::isfinite(curve.points.back().value)) finals.push_back(sign * curve.points.back().value);
  }
  std::ranges::sort(finals);
  return finals.back() - finals[finals.size() / 2];
}

int measure(const std::string& path, const std::string& goal) {
  const auto curves = engine::read_curves(path);
  if (!curves.ok()) {
    std::fprintf(stderr, "%s\n", curves.status().message().c_str());
    return 2;
  }
  const Registry registry = builtin();
  Named rule = named("auto");
  for (const OptionSpec& spec : registry.find_policy("auto")->options) {
    if (spec.default_value) rule.options[spec.name] = *spec.default_value;
  }
  const auto policy = registry.make_policy(Space(), rule).value();
  Watching watching(*policy, *curves);
  const Objective objective = goal == "minimize" ? minimize("value") : maximize("value");
  watching.unit = unit_of(*curves, goal == "minimize" ? -1.0 : 1.0);
  engine::VirtualStudy study(*curves, &watching, objective, 1);
  for (int repeat = 0; repeat < kStudies; ++repeat) {
    RandomStream stream(1, repeat, "predictions");
    std::vector<std::size_t> order(curves->curves.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    for (std::size_t i = 0; i < std::min(kTrials, order.size()); ++i)
      std::swap(order[i], order[i + stream.below(order.size() - i)]);
    order.resize(std::min(kTrials, order.size()));
    watching.order = order;
    (void)study.run(order, 1);
  }
  std::printf("| %s | %d | %.3f | %.3f | %.3f | %.0f %% | %.0f %% |\n", path.substr(path.find_last_of('/') + 1).c_str(),
              static_cast<int>(watching.forward.absolute.size()), watching.forward.median(), watching.median_gain.median(),
              watching.last.median(), watching.forward.covered(), watching.median_gain.covered());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3 || argc % 2 == 0) {
    std::fprintf(stderr, "usage: predictions FILE.csv[.gz] maximize|minimize [FILE GOAL ...]\n");
    return 2;
  }
  std::printf(
      "| curves | stops | forward: error | median gain: error | last value: error | forward: inside 80 %% | median gain: inside "
      "80 %% |\n"
      "|---|---|---|---|---|---|---|\n");
  for (int i = 1; i + 1 < argc; i += 2) {
    if (const int code = measure(argv[i], argv[i + 1]); code != 0) return code;
  }
}
