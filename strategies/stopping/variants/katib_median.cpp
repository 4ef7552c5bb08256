#include "strategies/stopping/option_specs.hpp"
#include "strategies/stopping/variants/reports.hpp"
#include "strategies/stopping/variants/variants.hpp"
#include "strategies/stopping/verdict.hpp"

namespace tune::strategies {
namespace {

/// Katib's medianstop service: looked at once, when the trial has reported `start_step` values. The best of these against a
/// number that is fixed when the trial is created: the mean, over the trials that had succeeded by then, of the means of their
/// first `start_step` values (no median is taken).
class KatibMedian final : public StoppingPolicy {
 public:
  KatibMedian(std::int64_t min_trials, std::int64_t start_step) : min_trials_(min_trials), start_step_(start_step) {}
  [[nodiscard]] std::string_view name() const override { return "median"; }

  [[nodiscard]] Decision judge(const StudyView& study, const TrialView& trial) const override {
    if (trial.objective().empty()) return not_judged(name(), trial, "there is no value to judge yet");
    const Arrived own = arrived(trial, moment_of(trial));
    if (own.size() != static_cast<std::size_t>(start_step_)) {
      return not_judged(name(), trial, "only value " + std::to_string(start_step_) + " is looked at");
    }
    const std::int64_t created = trial.record().proposed_order;
    Comparison comparison;
    double sum = 0.0;
    for (const TrialView other : study.finished()) {
      if (other.id() == trial.id() || !completed_by(other, created)) continue;
      const Arrived points = arrived(other, created);
      if (points.empty()) continue;
      sum += average_of_first(points, std::min(points.size(), own.size()));
      comparison.references.push_back(other.id());
    }
    const std::size_t count = comparison.references.size();
    if (count == 0 || count < static_cast<std::size_t>(min_trials_)) {
      return not_judged(
          name(), trial,
          counted(count, "trial") + " of the " + std::to_string(min_trials_) + " needed had succeeded when it was created");
    }
    comparison.judged = "best " + study.objective().metric + " so far";
    comparison.value = python_best(own, study.objective().goal);
    comparison.against = "the mean of the first values of " + counted(count, "trial");
    comparison.threshold = sum / static_cast<double>(count);
    comparison.stop = compares_better(study.objective().goal, comparison.threshold, comparison.value);
    return compared(name(), trial, std::move(comparison));
  }

 private:
  std::int64_t min_trials_;
  std::int64_t start_step_;
};

}  // namespace

Entry<StoppingPolicy> katib_median_entry() {
  return {.name = "median",
          .doc = "Katib's medianstop: the best of the first values against the mean of succeeded trials' first values, once",
          .options = {int_option("min_trials_required", 3, 1, "trials that must have succeeded before it was created"),
                      int_option("start_step", 4, 1, "values after which it is looked at")},
          .make = [](const Space&, const Options& options) -> Result<std::unique_ptr<StoppingPolicy>> {
            return std::unique_ptr<StoppingPolicy>(std::make_unique<KatibMedian>(
                option<std::int64_t>(options, "min_trials_required"), option<std::int64_t>(options, "start_step")));
          },
          .variant = "katib"};
}

}  // namespace tune::strategies
