#include "strategies/stopping/variants/average_median.hpp"
#include "strategies/stopping/variants/variants.hpp"
#include "strategies/stopping/verdict.hpp"

namespace tune::strategies {
namespace {

/// Golovin et al., "Google Vizier", KDD 2017, section 3.1: "the trial's best objective value by step s is strictly worse than the
/// median of the running averages of all completed trials' objectives reported up to step s". Completed trials that did not get
/// to s are left out, as NNI and Ray read it. The paper says nothing of NaN: here it is passed over in a best value and is the
/// worst average.
class VizierMedian final : public StoppingPolicy {
 public:
  [[nodiscard]] std::string_view name() const override { return "median"; }

  [[nodiscard]] Decision judge(const StudyView& study, const TrialView& trial) const override {
    if (trial.objective().empty()) return not_judged(name(), trial, "there is no value to judge yet");
    const Objective& objective = study.objective();
    const std::vector<Reference> references = references_at(study, References::kCompleted, trial.last_step(), trial.id());
    if (references.empty()) return not_judged(name(), trial, "no completed trial has got that far");
    return against_median(study, trial, "best " + objective.metric + " so far", trial.best().value_or(worst_of(objective)),
                          references, "completed trial");
  }
};

}  // namespace

Entry<StoppingPolicy> vizier_median_entry() {
  return {.name = "median",
          .doc = "Google Vizier's: best value so far against the median of completed trials' running averages",
          .options = {},
          .make = [](const Space&, const Options&) -> Result<std::unique_ptr<StoppingPolicy>> {
            return std::unique_ptr<StoppingPolicy>(std::make_unique<VizierMedian>());
          },
          .variant = "vizier"};
}

}  // namespace tune::strategies
