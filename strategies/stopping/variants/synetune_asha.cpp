#include "strategies/stopping/option_specs.hpp"
#include "strategies/stopping/variants/asha_rungs.hpp"
#include "strategies/stopping/variants/reports.hpp"
#include "strategies/stopping/variants/variants.hpp"
#include "strategies/stopping/verdict.hpp"

namespace tune::strategies {
namespace {

constexpr AshaHabits kHabits{.again_stopped = false};

/// Syne Tune's AsynchronousSuccessiveHalving (0.16) with one bracket: at a rung a trial is stopped when the share of the values
/// there, its own included, that are better is more than 1 / reduction_factor. A NaN ranks last.
class SyneTuneAsha final : public StoppingPolicy {
 public:
  explicit SyneTuneAsha(AshaSpan span) : span_(span) {}
  [[nodiscard]] std::string_view name() const override { return "asha"; }

  [[nodiscard]] Decision judge(const StudyView& study, const TrialView& trial) const override {
    if (trial.objective().empty()) return not_judged(name(), trial, "there is no value to judge yet");
    const std::int64_t moment = moment_of(trial);
    if (static_cast<double>(trial.last_step()) >= span_.max_t) {
      Decision decision =
          not_judged(name(), trial, "step " + std::to_string(trial.last_step()) + " is max_t, where every trial is stopped");
      decision.kind = Decision::Kind::kStop;
      return decision;
    }
    const std::vector<RungRecord> own = rung_records(trial, moment, span_, kHabits);
    if (own.empty() || own.back().order != moment) return not_judged(name(), trial, "the step is at no new rung");
    Comparison comparison;
    std::size_t better = 0;
    for (const TrialId id : others(study, trial)) {
      for (const RungRecord& record : rung_records(study.trial(id), moment, span_, kHabits)) {
        if (record.rung != own.back().rung) continue;
        comparison.references.push_back(id);
        better += study.objective().better(record.value, own.back().value);
      }
    }
    if (comparison.references.empty()) return not_judged(name(), trial, "no other trial has left a value at this rung");
    const std::size_t population = comparison.references.size() + 1;
    comparison.judged = "the share of trials whose " + study.objective().metric + " is better,";
    comparison.value = static_cast<double>(better) / static_cast<double>(population);
    comparison.threshold = 1.0 / span_.reduction_factor;
    comparison.against =
        "the share that goes on, of " + counted(population, "trial") + " at rung " + std::to_string(own.back().rung);
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
