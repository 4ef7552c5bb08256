#include "strategies/stopping/option_specs.hpp"
#include "strategies/stopping/variants/average_median.hpp"
#include "strategies/stopping/variants/reports.hpp"
#include "strategies/stopping/variants/variants.hpp"
#include "strategies/stopping/verdict.hpp"

namespace tune::strategies {
namespace {

/// Azure Machine Learning, "Median stopping policy": looked at when a run has reported its N-th value, N a multiple of
/// `evaluation_interval` and at least `delay_evaluation`; stopped when its best value is worse than the median of the averages
/// over the first N values of all runs. Which runs count is not documented: here every other one that has reported N values and
/// did not fail.
class AzureMedian final : public StoppingPolicy {
 public:
  AzureMedian(std::int64_t interval, std::int64_t delay) : interval_(interval), delay_(delay) {}
  [[nodiscard]] std::string_view name() const override { return "median"; }

  [[nodiscard]] Decision judge(const StudyView& study, const TrialView& trial) const override {
    if (trial.objective().empty()) return not_judged(name(), trial, "there is no value to judge yet");
    const std::size_t count = trial.objective().size();
    const auto number = static_cast<std::int64_t>(count);
    if (number < delay_ || number % interval_ != 0) {
      return not_judged(name(), trial, "value " + std::to_string(number) + " is none of those that are looked at");
    }
    const Objective& objective = study.objective();
    const std::int64_t moment = moment_of(trial);
    std::vector<Reference> references;
    for (const TrialView& other : others(study, trial)) {
      const Arrived points = arrived(other, moment);
      if (points.size() >= count && !failed_by(other, moment))
        references.push_back({other.id(), average_of_first(points, count)});
    }
    if (references.empty()) return not_judged(name(), trial, "no other run has reported as many values");
    return against_median(study, trial, "best " + objective.metric + " so far", trial.best().value_or(worst_of(objective)),
                          references, "run");
  }

 private:
  std::int64_t interval_;
  std::int64_t delay_;
};

}  // namespace

Entry<StoppingPolicy> azure_median_entry() {
  return {.name = "median",
          .doc = "Azure Machine Learning's: best value so far against the median of other runs' running averages",
          .options = {int_option("evaluation_interval", 1, 1, "every so many values are looked at"),
                      int_option("delay_evaluation", 0, 0, "not before so many values")},
          .make = [](const Space&, const Options& options) -> Result<std::unique_ptr<StoppingPolicy>> {
            return std::unique_ptr<StoppingPolicy>(std::make_unique<AzureMedian>(
                option<std::int64_t>(options, "evaluation_interval"), option<std::int64_t>(options, "delay_evaluation")));
          },
          .variant = "azure"};
}

}  // namespace tune::strategies
