#include "strategies/stopping/option_specs.hpp"
#include "strategies/stopping/variants/asha_rungs.hpp"
#include "strategies/stopping/variants/reports.hpp"
#include "strategies/stopping/variants/variants.hpp"
#include "strategies/stopping/verdict.hpp"

namespace tune::strategies {
namespace {

/// Ray Tune's AsyncHyperBandScheduler (2.60) with one bracket: at a rung a trial is stopped when its value is worse than the
/// percentile, 100 (1 - 1 / reduction_factor) of it from the worst, of the values that were left there before.
class RayAsha final : public StoppingPolicy {
 public:
  RayAsha(AshaSpan span, bool stop_last_trials) : span_(span), stop_last_trials_(stop_last_trials) {}
  [[nodiscard]] std::string_view name() const override { return "asha"; }

  [[nodiscard]] Decision judge(const StudyView& study, const TrialView& trial) const override {
    RungLook look =
        look_at_rung(name(), study, trial, span_, {.max_t_ends = stop_last_trials_, .rungs_once = !stop_last_trials_});
    if (look.without) return *std::move(look.without);
    // Ray multiplies by -1 where it minimises: larger is better from here on.
    const double sign = study.objective().goal == Goal::kMaximize ? 1.0 : -1.0;
    for (double& value : look.values) value *= sign;
    const double cutoff = numpy_percentile(std::move(look.values), (1.0 - 1.0 / span_.reduction_factor) * 100.0);
    Comparison comparison;
    comparison.judged = study.objective().metric;
    comparison.value = trial.objective().back().value;
    comparison.threshold = sign * cutoff;
    comparison.against = "the cut-off among " + counted(look.trials.size(), "value") + " at rung " + std::to_string(look.rung);
    comparison.references = std::move(look.trials);
    comparison.stop = sign * comparison.value < cutoff;
    return compared(name(), trial, std::move(comparison));
  }

 private:
  AshaSpan span_;
  bool stop_last_trials_;
};

}  // namespace

Entry<StoppingPolicy> ray_asha_entry() {
  return {.name = "asha",
          .doc = "Ray Tune's ASHAScheduler (AsyncHyperBandScheduler), one bracket, time_attr training_iteration: the step",
          .options = {int_option("max_t", 100, 1, "the step at which every trial is stopped"),
                      int_option("grace_period", 1, 1, "the first rung, a step"),
                      float_option("reduction_factor", 4.0, kLeastReduction, {},
                                   "rungs lie so many times as far apart; one of so many goes on"),
                      flag_option("stop_last_trials", true, "stop at max_t, and judge a trial again at rungs that it skipped")},
          .make = [](const Space&, const Options& options) -> Result<std::unique_ptr<StoppingPolicy>> {
            const auto span = span_of(options);
            if (!span.ok()) return span.status();
            return std::unique_ptr<StoppingPolicy>(std::make_unique<RayAsha>(*span, option<bool>(options, "stop_last_trials")));
          },
          .variant = "ray"};
}

}  // namespace tune::strategies
