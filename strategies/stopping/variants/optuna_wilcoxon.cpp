#include <algorithm>
#include <cmath>

#include "strategies/stopping/option_specs.hpp"
#include "strategies/stopping/variants/reports.hpp"
#include "strategies/stopping/variants/signed_rank.hpp"
#include "strategies/stopping/variants/variants.hpp"
#include "strategies/stopping/verdict.hpp"

namespace tune::strategies {
namespace {

constexpr std::int64_t kLeastSteps = 2;

bool all_finite(std::span<const Point> points) {
  return std::ranges::all_of(points, [](const Point& point) { return std::isfinite(point.value); });
}

/// Optuna's WilcoxonPruner (5.0.0): stopped when a signed-rank test says that it is worse than the best completed trial at the
/// steps that both have, unless its average over all its values is not worse. For steps that are folds or instances, not epochs.
class OptunaWilcoxon final : public StoppingPolicy {
 public:
  OptunaWilcoxon(double p_threshold, std::int64_t startup_steps) : p_threshold_(p_threshold), startup_steps_(startup_steps) {}
  [[nodiscard]] std::string_view name() const override { return "wilcoxon"; }

  [[nodiscard]] Decision judge(const StudyView& study, const TrialView& trial) const override {
    const auto own = trial.objective();
    if (own.empty()) return not_judged(name(), trial, "there is no value to judge yet");
    const std::optional<TrialView> best = best_trial(study, moment_of(trial));
    if (!best || best->objective().empty())
      return not_judged(name(), trial, "there is no best trial with values to compare with");
    const auto theirs = best->objective();
    if (!all_finite(own) || !all_finite(theirs)) return not_judged(name(), trial, "not all values are finite numbers");
    const double sign = study.objective().goal == Goal::kMaximize ? -1.0 : 1.0;  // a positive difference is worse
    std::vector<double> differences;
    for (const Point& point : own) {
      const auto same = std::ranges::lower_bound(theirs, point.step, {}, &Point::step);
      if (same != theirs.end() && same->step == point.step) differences.push_back(sign * (point.value - same->value));
    }
    if (static_cast<std::int64_t>(differences.size()) < std::max(kLeastSteps, startup_steps_)) {
      return not_judged(name(), trial, "it has too few steps in common with the best trial");
    }
    const double p = signed_rank_p(differences);
    const double own_average = average_of_first(own, own.size());
    const double best_average = average_of_first(theirs, theirs.size());
    Decision decision = not_judged(name(), trial, {});
    decision.references = {best->id()};
    decision.numbers.insert(decision.numbers.end(), {{"p", p},
                                                     {"p_threshold", p_threshold_},
                                                     {"steps_in_common", static_cast<double>(differences.size())},
                                                     {"average", own_average},
                                                     {"average_of_best", best_average}});
    const bool worse_on_average = sign * own_average > sign * best_average;
    const bool stop = p < p_threshold_ && worse_on_average;
    decision.kind = stop ? Decision::Kind::kStop : Decision::Kind::kContinue;
    decision.reason = "that it is no worse than trial " + std::to_string(best->id()) + " at the " +
                      counted(differences.size(), "step") + " they have in common has p = " + to_text(p) + "; p_threshold is " +
                      to_text(p_threshold_);
    if (p < p_threshold_ && !stop) decision.reason += ", but its average is not worse";
    return decision;
  }

 private:
  /// The first to complete among those with the best result.
  static std::optional<TrialView> best_trial(const StudyView& study, std::int64_t moment) {
    std::optional<TrialView> best;
    for (const TrialView trial : study.finished()) {
      if (!completed_by(trial, moment) || !trial.value()) continue;
      if (!best || study.objective().better(*trial.value(), *best->value())) best = trial;
    }
    return best;
  }

  double p_threshold_;
  std::int64_t startup_steps_;
};

}  // namespace

Entry<StoppingPolicy> optuna_wilcoxon_entry() {
  return {.name = "wilcoxon",
          .doc = "Optuna's WilcoxonPruner: a signed-rank test against the best trial, step by step; for folds or instances",
          .options = {float_option("p_threshold", 0.1, 0.0, 1.0, "the p-value under which a trial is stopped"),
                      int_option("n_startup_steps", 2, 0, "steps in common with the best trial that are needed, at least 2")},
          .make = [](const Space&, const Options& options) -> Result<std::unique_ptr<StoppingPolicy>> {
            return std::unique_ptr<StoppingPolicy>(std::make_unique<OptunaWilcoxon>(
                option<double>(options, "p_threshold"), option<std::int64_t>(options, "n_startup_steps")));
          },
          .variant = "optuna"};
}

}  // namespace tune::strategies
