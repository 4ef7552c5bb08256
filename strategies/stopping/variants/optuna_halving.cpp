#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <set>

#include "strategies/stopping/option_specs.hpp"
#include "strategies/stopping/variants/reports.hpp"
#include "strategies/stopping/variants/variants.hpp"
#include "strategies/stopping/verdict.hpp"

namespace tune::strategies {
namespace {

constexpr std::int64_t kAutoParts = 100;  ///< `auto`: the longest completed trial's last step over this

struct HalvingOptions {
  std::optional<std::int64_t> min_resource;  ///< none: auto
  std::int64_t reduction_factor = 4;
  std::int64_t min_early_stopping_rate = 0;
  std::int64_t bootstrap_count = 0;
};

/// Optuna's SuccessiveHalvingPruner (5.0.0). At rung k, step min_resource reduction_factor^(min_early_stopping_rate + k), the
/// trial leaves its current value and goes on when it is among the best max(1, n / reduction_factor) of the n values there, its
/// own included, ties too; then it is at the next rung at once if it has got that far. What the rungs hold follows from all the
/// reports before.
class OptunaHalving final : public StoppingPolicy {
 public:
  explicit OptunaHalving(HalvingOptions options) : options_(options) {}
  [[nodiscard]] std::string_view name() const override { return "successive_halving"; }

  [[nodiscard]] Decision judge(const StudyView& study, const TrialView& trial) const override {
    if (trial.objective().empty()) return not_judged(name(), trial, "there is no value to judge yet");
    const std::int64_t moment = moment_of(trial);
    std::vector<std::pair<TrialId, Point>> reports;
    for (const TrialId id : others(study, trial)) {
      for (const Point& point : arrived(study.trial(id), moment)) reports.emplace_back(id, point);
    }
    for (const Point& point : arrived(trial, moment)) reports.emplace_back(trial.id(), point);
    std::ranges::sort(reports, {}, [](const auto& report) { return report.second.order; });

    std::optional<std::int64_t> min_resource = options_.min_resource;
    std::map<TrialId, std::int64_t> next_rung;
    std::map<std::int64_t, std::map<TrialId, double>> rungs;
    Decision decision = not_judged(name(), trial, "the step is at no new rung");
    for (const auto& [id, point] : reports) {
      if (!min_resource) min_resource = estimate(study, point.order);
      if (!min_resource) continue;
      const Decision found =
          report(study, id == trial.id() ? trial : study.trial(id), point, *min_resource, next_rung[id], rungs);
      if (id == trial.id() && point.order == moment) decision = found;
    }
    return decision;
  }

 private:
  /// max(1, the last step of the longest trial that had completed by then / 100); none before one has.
  static std::optional<std::int64_t> estimate(const StudyView& study, std::int64_t moment) {
    std::optional<std::int64_t> longest;
    for (const TrialView trial : study.finished()) {
      if (completed_by(trial, moment) && !trial.objective().empty()) longest = std::max(longest.value_or(0), trial.last_step());
    }
    if (longest) longest = std::max<std::int64_t>(1, *longest / kAutoParts);
    return longest;
  }

  [[nodiscard]] double rung_step(std::int64_t min_resource, std::int64_t rung) const {
    return static_cast<double>(min_resource) *
           std::pow(static_cast<double>(options_.reduction_factor), static_cast<double>(options_.min_early_stopping_rate + rung));
  }

  /// What the pruner says to a report, which it leaves at the rungs it has reached.
  Decision report(const StudyView& study, const TrialView& trial, const Point& point, std::int64_t min_resource,
                  std::int64_t& rung, std::map<std::int64_t, std::map<TrialId, double>>& rungs) const {
    Decision decision = not_judged(name(), trial, "the step is at no new rung");
    for (; static_cast<double>(point.step) >= rung_step(min_resource, rung);) {
      if (std::isnan(point.value)) {
        decision.reason = study.objective().metric + " is no number at rung " + std::to_string(rung);
        decision.kind = Decision::Kind::kStop;
        return decision;
      }
      rungs[rung][trial.id()] = point.value;
      decision = compete(study, trial, point.value, rungs[rung], rung);
      ++rung;
      if (decision.kind == Decision::Kind::kStop) return decision;
    }
    return decision;
  }

  [[nodiscard]] Decision compete(const StudyView& study, const TrialView& trial, double value,
                                 const std::map<TrialId, double>& rung, std::int64_t number) const {
    const Goal goal = study.objective().goal;
    Comparison comparison;
    std::vector<double> values;
    for (const auto& [id, one] : rung) {
      values.push_back(one);
      if (id != trial.id()) comparison.references.push_back(id);
    }
    const auto count = static_cast<std::int64_t>(values.size());
    std::ranges::sort(values, [&](double a, double b) { return compares_better(goal, a, b); });
    comparison.judged = study.objective().metric;
    comparison.value = value;
    comparison.threshold = values[static_cast<std::size_t>(std::max<std::int64_t>(0, count / options_.reduction_factor - 1))];
    comparison.against = "the last that goes on of " + counted(values.size(), "value") + " at rung " + std::to_string(number);
    comparison.stop = compares_better(goal, comparison.threshold, value);
    if (count <= options_.bootstrap_count) {
      comparison.stop = true;
      Decision decision = compared(name(), trial, std::move(comparison));
      decision.reason = "the first " + counted(static_cast<std::size_t>(options_.bootstrap_count), "value") + " at rung " +
                        std::to_string(number) + " are stopped (bootstrap_count)";
      return decision;
    }
    return compared(name(), trial, std::move(comparison));
  }

  HalvingOptions options_;
};

}  // namespace

Entry<StoppingPolicy> optuna_halving_entry() {
  return {.name = "successive_halving",
          .doc = "Optuna's SuccessiveHalvingPruner: the best share of the values at each rung goes on",
          .options = {int_option("min_resource", {}, 1,
                                 "the step of the first rung; default auto, a hundredth of the longest completed trial"),
                      int_option("reduction_factor", 4, 2, "rungs lie so many times as far apart; one of so many goes on"),
                      int_option("min_early_stopping_rate", 0, 0, "rungs that are left out at the start"),
                      int_option("bootstrap_count", 0, 0, "the first so many values at a rung are stopped; needs min_resource")},
          .make = [](const Space&, const Options& options) -> Result<std::unique_ptr<StoppingPolicy>> {
            HalvingOptions made;
            if (options.contains("min_resource")) made.min_resource = option<std::int64_t>(options, "min_resource");
            made.reduction_factor = option<std::int64_t>(options, "reduction_factor");
            made.min_early_stopping_rate = option<std::int64_t>(options, "min_early_stopping_rate");
            made.bootstrap_count = option<std::int64_t>(options, "bootstrap_count");
            if (made.bootstrap_count > 0 && !made.min_resource) {
              return Status::invalid("bootstrap_count: given " + std::to_string(made.bootstrap_count) +
                                     "; allowed: 0 unless min_resource is given");
            }
            return std::unique_ptr<StoppingPolicy>(std::make_unique<OptunaHalving>(made));
          },
          .variant = "optuna"};
}

}  // namespace tune::strategies
