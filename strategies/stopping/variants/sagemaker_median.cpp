#include <algorithm>

#include "strategies/stopping/option_specs.hpp"
#include "strategies/stopping/variants/average_median.hpp"
#include "strategies/stopping/variants/reports.hpp"
#include "strategies/stopping/variants/variants.hpp"
#include "strategies/stopping/verdict.hpp"

namespace tune::strategies {
namespace {

/// Amazon SageMaker Developer Guide, "Stop Training Jobs Early": stopped when "the value of the objective metric for the current
/// training job is worse (higher when minimizing or lower when maximizing the objective metric) than the median value of running
/// averages of the objective metric for previous training jobs up to the same epoch". Which jobs count and from how many on is
/// not documented: options. `reached` leaves out failed jobs. A NaN counts as the worst there is.
class SageMakerMedian final : public StoppingPolicy {
 public:
  SageMakerMedian(References which, std::int64_t min_trials) : which_(which), min_trials_(min_trials) {}
  [[nodiscard]] std::string_view name() const override { return "median"; }

  [[nodiscard]] Decision judge(const StudyView& study, const TrialView& trial) const override {
    if (trial.objective().empty()) return not_judged(name(), trial, "there is no value to judge yet");
    std::vector<Reference> references = references_at(study, which_, trial.last_step(), trial.id());
    std::erase_if(references, [&](const Reference& one) { return study.trial(one.id).status() == TrialStatus::kFailed; });
    if (references.size() < static_cast<std::size_t>(min_trials_)) {
      return not_judged(
          name(), trial,
          counted(references.size(), "training job") + " of the " + std::to_string(min_trials_) + " needed got that far");
    }
    return against_median(study, trial, study.objective().metric, trial.objective().back().value, references, "training job");
  }

 private:
  References which_;
  std::int64_t min_trials_;
};

}  // namespace

Entry<StoppingPolicy> sagemaker_median_entry() {
  return {
      .name = "median",
      .doc = "SageMaker's: the current value against the median of other training jobs' running averages",
      .options = {choice_option("references", {"completed", "reached"},
                                "training jobs to compare with: completed ones, or all that have got as far and did not fail"),
                  int_option("min_trials", 1, 1, "training jobs needed to compare with")},
      .make = [](const Space&, const Options& options) -> Result<std::unique_ptr<StoppingPolicy>> {
        const bool reached = option<std::string>(options, "references") == "reached";
        return std::unique_ptr<StoppingPolicy>(std::make_unique<SageMakerMedian>(
            reached ? References::kReached : References::kCompleted, option<std::int64_t>(options, "min_trials")));
      },
      .variant = "sagemaker"};
}

}  // namespace tune::strategies
