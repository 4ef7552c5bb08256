#include <algorithm>

#include "strategies/stopping/option_specs.hpp"
#include "strategies/stopping/variants/asha_rungs.hpp"
#include "strategies/stopping/variants/variants.hpp"
#include "strategies/stopping/verdict.hpp"

namespace tune::strategies {
namespace {

/// Syne Tune's AsynchronousSuccessiveHalving (0.16) with one bracket: at a rung a trial is stopped when the share of the values
/// there, its own included, that are better is more than 1 / reduction_factor. A NaN ranks last.
class SyneTuneAsha final : public StoppingPolicy {
 public:
  explicit SyneTuneAsha(AshaSpan span) : span_(span) {}
  [[nodiscard]] std::string_view name() const override { return "asha"; }

  [[nodiscard]] Decision judge(const StudyView& study, const TrialView& trial) const override {
    RungLook look = look_at_rung(name(), study, trial, span_, {.again_stopped = false, .skip_nan = false});
    if (look.without) return *std::move(look.without);
    const double own = trial.objective().back().value;
    const auto better = std::ranges::count_if(look.values, [&](double value) { return study.objective().better(value, own); });
    const std::size_t population = look.values.size() + 1;
    Comparison comparison;
    comparison.judged = "the share of trials whose " + study.objective().metric + " is better,";
    comparison.value = static_cast<double>(better) / static_cast<double>(population);
    comparison.threshold = 1.0 / span_.reduction_factor;
    comparison.against = "the share that goes on, of " + counted(population, "trial") + " at rung " + std::to_string(look.rung);
    comparison.references = std::move(look.trials);
    comparison.stop = comparison.value > comparison.threshold;
    return compared(name(), trial, std::move(comparison));
  }

 private:
  AshaSpan span_;
};

}  // namespace

Entry<StoppingPolicy> synetune_asha_entry() {
  return {.name = "asha",
          .doc = "Syne Tune's AsynchronousSuccessiveHalving, one bracket, time_attr training_iteration: the step",
          .options = {int_option("max_t", 100, 1, "the step at which every trial is stopped"),
                      int_option("grace_period", 1, 1, "the first rung, a step"),
                      float_option("reduction_factor", 3.0, kLeastReduction, {},
                                   "rungs lie so many times as far apart; one of so many goes on")},
          .make = [](const Space&, const Options& options) -> Result<std::unique_ptr<StoppingPolicy>> {
            const auto span = span_of(options);
            if (!span.ok()) return span.status();
            return std::unique_ptr<StoppingPolicy>(std::make_unique<SyneTuneAsha>(*span));
          },
          .variant = "synetune"};
}

}  // namespace tune::strategies
