#include "strategies/stopping/option_specs.hpp"
#include "strategies/stopping/threshold.hpp"
#include "strategies/stopping/variants/optuna_interval.hpp"
#include "strategies/stopping/variants/reports.hpp"
#include "strategies/stopping/variants/variants.hpp"
#include "strategies/stopping/verdict.hpp"

namespace tune::strategies {
namespace {

/// Optuna's ThresholdPruner (5.0.0): stopped when the value is a NaN or lies outside [lower, upper], whatever the goal.
class OptunaThreshold final : public StoppingPolicy {
 public:
  OptunaThreshold(double lower, double upper, OptunaInterval interval) : lower_(lower), upper_(upper), interval_(interval) {}
  [[nodiscard]] std::string_view name() const override { return "threshold"; }

  [[nodiscard]] Decision judge(const StudyView& study, const TrialView& trial) const override {
    if (std::string why = interval_.exempt(trial); !why.empty()) return not_judged(name(), trial, std::move(why));
    return outside(name(), study.objective(), trial, lower_, upper_);
  }

 private:
  double lower_;
  double upper_;
  OptunaInterval interval_;
};

}  // namespace

Entry<StoppingPolicy> optuna_threshold_entry() {
  std::vector<OptionSpec> specs{float_option("lower", {}, {}, {}, "the smallest value that goes on"),
                                float_option("upper", {}, {}, {}, "the largest value that goes on; one of the two is required")};
  add_interval_options(specs);
  return {.name = "threshold",
          .doc = "Optuna's ThresholdPruner: the value within fixed bounds",
          .options = std::move(specs),
          .make = [](const Space&, const Options& options) -> Result<std::unique_ptr<StoppingPolicy>> {
            const auto bounds = bounds_of(options);
            if (!bounds.ok()) return bounds.status();
            return std::unique_ptr<StoppingPolicy>(
                std::make_unique<OptunaThreshold>(bounds->first, bounds->second, interval_of(options)));
          },
          .variant = "optuna"};
}

}  // namespace tune::strategies
