#include <algorithm>
#include <cmath>

#include "strategies/stopping/option_specs.hpp"
#include "strategies/stopping/variants/optuna_interval.hpp"
#include "strategies/stopping/variants/reports.hpp"
#include "strategies/stopping/variants/variants.hpp"
#include "strategies/stopping/verdict.hpp"

namespace tune::strategies {
namespace {

struct OptunaPercentileOptions {
  std::string_view rule;
  double percentile = 50.0;  ///< the share of trials that is kept
  std::int64_t startup_trials = 5;
  std::int64_t min_trials = 1;
  OptunaInterval interval;
};

/// Optuna's PercentilePruner, whose MedianPruner is percentile 50 (5.0.0): best value so far, NaN passed over, against the
/// percentile of the values that completed trials had at exactly this step.
class OptunaPercentile final : public StoppingPolicy {
 public:
  explicit OptunaPercentile(OptunaPercentileOptions options) : options_(options) {}
  [[nodiscard]] std::string_view name() const override { return options_.rule; }

  [[nodiscard]] Decision judge(const StudyView& study, const TrialView& trial) const override {
    if (std::string why = options_.interval.exempt(trial); !why.empty()) return not_judged(name(), trial, std::move(why));
    const std::int64_t moment = moment_of(trial);
    const Goal goal = study.objective().goal;
    Comparison comparison;
    std::int64_t completed = 0;
    std::int64_t reported = 0;
    std::vector<double> values;
    for (const TrialView other : study.finished()) {
      if (other.id() == trial.id() || !completed_by(other, moment)) continue;
      ++completed;
      const Point* point = point_at(other.objective(), trial.last_step());
      if (point == nullptr) continue;
      ++reported;
      if (std::isnan(point->value)) continue;
      values.push_back(point->value);
      comparison.references.push_back(other.id());
    }
    if (completed == 0 || completed < options_.startup_trials) {
      return not_judged(name(), trial, "only " + counted(static_cast<std::size_t>(completed), "trial") + " completed");
    }
    comparison.judged = "best " + study.objective().metric + " so far";
    comparison.against = "the percentile of the values that " + counted(values.size(), "completed trial") + " had at this step";
    comparison.value = trial.best().value_or(std::nan(""));
    if (std::isnan(comparison.value)) {
      comparison.stop = true;
      comparison.threshold = std::nan("");
      return compared(name(), trial, std::move(comparison));
    }
    if (reported < options_.min_trials || values.empty()) {
      return not_judged(name(), trial,
                        counted(static_cast<std::size_t>(reported), "completed trial") + " of the " +
                            std::to_string(options_.min_trials) + " needed reported this step");
    }
    comparison.threshold =
        numpy_percentile(std::move(values), goal == Goal::kMaximize ? 100.0 - options_.percentile : options_.percentile);
    comparison.stop = compares_better(goal, comparison.threshold, comparison.value);
    return compared(name(), trial, std::move(comparison));
  }

 private:
  OptunaPercentileOptions options_;
};

std::vector<OptionSpec> specs_of() {
  std::vector<OptionSpec> specs{int_option("n_startup_trials", 5, 0, "trials that must have completed"),
                                int_option("n_min_trials", 1, 1, "completed trials that must have reported the step")};
  add_interval_options(specs);
  return specs;
}

std::unique_ptr<StoppingPolicy> made(std::string_view rule, double percentile, const Options& options) {
  return std::make_unique<OptunaPercentile>(
      OptunaPercentileOptions{rule, percentile, option<std::int64_t>(options, "n_startup_trials"),
                              option<std::int64_t>(options, "n_min_trials"), interval_of(options)});
}

}  // namespace

Entry<StoppingPolicy> optuna_median_entry() {
  return {.name = "median",
          .doc = "Optuna's MedianPruner: best value so far against the median of completed trials' values at the step",
          .options = specs_of(),
          .make = [](const Space&, const Options& options) -> Result<std::unique_ptr<StoppingPolicy>> {
            return made("median", 50.0, options);
          },
          .variant = "optuna"};
}

Entry<StoppingPolicy> optuna_percentile_entry() {
  std::vector<OptionSpec> specs = specs_of();
  specs.insert(specs.begin(),
               float_option("percentile", {}, 0.0, 100.0, "the share of trials, in percent, that is kept; required"));
  return {.name = "percentile",
          .doc = "Optuna's PercentilePruner: best value so far against a percentile of completed trials' values at the step",
          .options = std::move(specs),
          .make = [](const Space&, const Options& options) -> Result<std::unique_ptr<StoppingPolicy>> {
            if (!options.contains("percentile")) return Status::invalid("percentile: missing; allowed: number of 0 to 100");
            return made("percentile", option<double>(options, "percentile"), options);
          },
          .variant = "optuna"};
}

}  // namespace tune::strategies
