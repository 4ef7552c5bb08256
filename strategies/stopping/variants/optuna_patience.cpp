#include <cmath>
#include <span>

#include "strategies/stopping/option_specs.hpp"
#include "strategies/stopping/variants/reports.hpp"
#include "strategies/stopping/variants/variants.hpp"
#include "strategies/stopping/verdict.hpp"

namespace tune::strategies {
namespace {

/// The best of the values, NaN passed over; NaN when there is no other.
double best_of(std::span<const Point> points, Goal goal) {
  double best = std::nan("");
  for (const Point& point : points) {
    if (std::isnan(best) || compares_better(goal, point.value, best)) best = point.value;
  }
  return best;
}

/// Optuna's PatientPruner without a wrapped pruner (5.0.0): stopped when the best of the last patience + 1 values is worse than
/// the best of those before by more than `min_delta`. So a larger `min_delta` stops later, which is the opposite of Keras's.
class OptunaPatience final : public StoppingPolicy {
 public:
  OptunaPatience(std::int64_t patience, double min_delta) : patience_(patience), min_delta_(min_delta) {}
  [[nodiscard]] std::string_view name() const override { return "patience"; }

  [[nodiscard]] Decision judge(const StudyView& study, const TrialView& trial) const override {
    const auto points = trial.objective();
    if (static_cast<std::int64_t>(points.size()) <= patience_ + 1)
      return not_judged(name(), trial, "it has reported too few values");
    const Objective& objective = study.objective();
    const auto last = static_cast<std::size_t>(patience_) + 1;
    const double before = best_of(points.first(points.size() - last), objective.goal);
    Comparison comparison;
    comparison.judged = "best " + objective.metric + " of the last " + counted(last, "value");
    comparison.value = best_of(points.last(last), objective.goal);
    comparison.threshold = objective.goal == Goal::kMaximize ? before - min_delta_ : before + min_delta_;
    comparison.against = "the best before with the tolerance " + to_text(min_delta_);
    comparison.stop = compares_better(objective.goal, comparison.threshold, comparison.value);
    return compared(name(), trial, std::move(comparison));
  }

 private:
  std::int64_t patience_;
  double min_delta_;
};

}  // namespace

Entry<StoppingPolicy> optuna_patience_entry() {
  return {.name = "patience",
          .doc = "Optuna's PatientPruner: the best of the last values against the best before",
          .options = {int_option("patience", {}, 0, "values without a better one that are borne, less one; required"),
                      float_option("min_delta", 0.0, 0.0, {}, "how much worse the last values may be, in the objective's units")},
          .make = [](const Space&, const Options& options) -> Result<std::unique_ptr<StoppingPolicy>> {
            if (!options.contains("patience")) return Status::invalid("patience: missing; allowed: int >= 0");
            return std::unique_ptr<StoppingPolicy>(std::make_unique<OptunaPatience>(option<std::int64_t>(options, "patience"),
                                                                                    option<double>(options, "min_delta")));
          },
          .variant = "optuna"};
}

}  // namespace tune::strategies
