#include <cmath>

#include "strategies/stopping/option_specs.hpp"
#include "strategies/stopping/running_average.hpp"
#include "strategies/stopping/variants/reports.hpp"
#include "strategies/stopping/variants/variants.hpp"
#include "strategies/stopping/verdict.hpp"

namespace tune::strategies {
namespace {

struct SyneTuneOptions {
  bool running_average = true;
  double grace_time = 1.0;
  std::int64_t grace_population = 5;
  double rank_cutoff = 0.5;
};

/// Syne Tune's MedianStoppingRule (0.16): a trial is stopped when of all the results at this very step, its own included, more
/// than a share of `rank_cutoff` are better. Trials in any state count. A NaN ranks last.
class SyneTuneMedian final : public StoppingPolicy {
 public:
  explicit SyneTuneMedian(SyneTuneOptions options) : options_(options) {}
  [[nodiscard]] std::string_view name() const override { return "median"; }

  [[nodiscard]] Decision judge(const StudyView& study, const TrialView& trial) const override {
    if (trial.objective().empty()) return not_judged(name(), trial, "there is no value to judge yet");
    const std::int64_t moment = moment_of(trial);
    const std::int64_t step = trial.last_step();
    const double own = result_at(trial, moment, step).value();
    Comparison comparison;
    std::size_t better = 0;
    for (const TrialView& other : others(study, trial)) {
      const std::optional<double> result = result_at(other, moment, step);
      if (!result) continue;
      comparison.references.push_back(other.id());
      better += study.objective().better(*result, own);
    }
    const std::size_t population = comparison.references.size() + 1;
    if (population < static_cast<std::size_t>(options_.grace_population)) {
      return not_judged(
          name(), trial,
          counted(population, "trial") + " of the " + std::to_string(options_.grace_population) + " needed got there");
    }
    if (static_cast<double>(step) < options_.grace_time) return not_judged(name(), trial, "the grace time is not over");
    comparison.judged = "the share of trials whose " + study.objective().metric + " is better,";
    comparison.value = static_cast<double>(better) / static_cast<double>(population);
    comparison.against = "the rank cut-off among " + counted(population, "trial");
    comparison.threshold = options_.rank_cutoff;
    comparison.stop = comparison.value > comparison.threshold;
    return compared(name(), trial, std::move(comparison));
  }

 private:
  /// What a trial had at exactly that step; none when it has reported no value there.
  [[nodiscard]] std::optional<double> result_at(const TrialView& trial, std::int64_t moment, std::int64_t step) const {
    const Arrived points = arrived(trial, moment);
    const Point* found = point_at(points, step);
    if (found == nullptr) return std::nullopt;
    return options_.running_average ? average_until(points, step) : found->value;
  }

  SyneTuneOptions options_;
};

}  // namespace

Entry<StoppingPolicy> synetune_median_entry() {
  return {.name = "median",
          .doc = "Syne Tune's MedianStoppingRule: the rank of the trial's running average among all at that step",
          .options = {flag_option("running_average", true, "rank running averages, not values"),
                      float_option("grace_time", 1.0, 0.0, {}, "the first step at which a trial is stopped"),
                      int_option("grace_population", 5, 0, "trials that must have got to the step, its own included"),
                      float_option("rank_cutoff", 0.5, 0.0, 1.0, "share of better trials beyond which it is stopped")},
          .make = [](const Space&, const Options& options) -> Result<std::unique_ptr<StoppingPolicy>> {
            SyneTuneOptions made;
            made.running_average = option<bool>(options, "running_average");
            made.grace_time = option<double>(options, "grace_time");
            made.grace_population = option<std::int64_t>(options, "grace_population");
            made.rank_cutoff = option<double>(options, "rank_cutoff");
            return std::unique_ptr<StoppingPolicy>(std::make_unique<SyneTuneMedian>(made));
          },
          .variant = "synetune"};
}

}  // namespace tune::strategies
