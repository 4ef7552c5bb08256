#include <cmath>

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
    if (trial.objective().empty()) return not_judged(name(), trial, "there is no value to judge yet");
    const std::int64_t moment = moment_of(trial);
    if (stop_last_trials_ && static_cast<double>(trial.last_step()) >= span_.max_t) {
      Decision decision =
          not_judged(name(), trial, "step " + std::to_string(trial.last_step()) + " is max_t, where every trial is stopped");
      decision.kind = Decision::Kind::kStop;
      return decision;
    }
    const std::vector<RungRecord> own = records(trial, moment);
    if (own.empty() || own.back().order != moment) return not_judged(name(), trial, "the step is at no new rung");
    // Ray multiplies by -1 where it minimises: larger is better from here on.
    const double sign = study.objective().goal == Goal::kMaximize ? 1.0 : -1.0;
    Comparison comparison;
    std::vector<double> values;
    for (const TrialId id : others(study, trial)) {
      for (const RungRecord& record : records(study.trial(id), moment)) {
        if (record.rung != own.back().rung || std::isnan(record.value)) continue;
        values.push_back(sign * record.value);
        comparison.references.push_back(id);
      }
    }
    if (values.empty()) return not_judged(name(), trial, "no other trial has left a value at this rung");
    const double cutoff = numpy_percentile(std::move(values), (1.0 - 1.0 / span_.reduction_factor) * 100.0);
    comparison.judged = study.objective().metric;
    comparison.value = trial.objective().back().value;
    comparison.threshold = sign * cutoff;
    comparison.against =
        "the cut-off among " + counted(comparison.references.size(), "value") + " at rung " + std::to_string(own.back().rung);
    comparison.stop = sign * comparison.value < cutoff;
    return compared(name(), trial, std::move(comparison));
  }

 private:
  [[nodiscard]] std::vector<RungRecord> records(const TrialView& trial, std::int64_t moment) const {
    return rung_records(trial, moment, span_, {.max_t_ends = stop_last_trials_, .rungs_once = !stop_last_trials_});
  }

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
