#include <algorithm>

#include "strategies/health/entries.hpp"
#include "strategies/health/findings.hpp"
#include "strategies/stopping/option_specs.hpp"

namespace tune::strategies {
namespace {

/// Looks at the first steps only: whether the layers' variances lie far apart, gradients are nearly all the same, or the loss
/// does not fall.
class PoorWeightInitialization final : public HealthRule {
 public:
  explicit PoorWeightInitialization(const Options& options)
      : threshold_(option<double>(options, "threshold")),
        distribution_range_(option<double>(options, "distribution_range")),
        patience_(option<std::int64_t>(options, "patience")),
        steps_(option<std::int64_t>(options, "steps")) {}
  [[nodiscard]] std::string_view name() const override { return "PoorWeightInitialization"; }

  [[nodiscard]] Decision judge(const HealthView& view) const override {
    if (view.step > steps_) return healthy(name());
    if (view.observed("activation_inputs_regex") != nullptr) {
      Decision decision = look_at_variances(view);
      if (decision.kind == Decision::Kind::kStop) return decision;
    }
    if (const HealthSeries* gradient = view.observed("gradients")) {
      const double range = gradient->points.back().value;
      if (range < distribution_range_) {
        return found(name(), said(*gradient) + " is below distribution_range " + to_text(distribution_range_),
                     {{"value", range}, {"distribution_range", distribution_range_}});
      }
    }
    const HealthSeries* loss = view.observed("losses");
    const std::int64_t since = loss == nullptr ? 0 : values_since_optimum(*loss, 0.0);
    if (loss == nullptr || since < patience_) return healthy(name());
    return found(name(),
                 said(*loss) + " is the value number " + std::to_string(since) + " since it last fell; patience is " +
                     std::to_string(patience_),
                 {{"value", loss->points.back().value},
                  {"values_since", static_cast<double>(since)},
                  {"patience", static_cast<double>(patience_)}});
  }

 private:
  [[nodiscard]] Decision look_at_variances(const HealthView& view) const {
    const std::vector<double> variances = values_at(view.of("activation_inputs_regex"), view.step);
    if (variances.size() < 2) return healthy(name());
    const auto [least, most] = std::ranges::minmax(variances);
    if (!(most > threshold_ * least)) return healthy(name());
    return found(name(),
                 "the variances of the layers at step " + std::to_string(view.step) + " lie between " + to_text(least) + " and " +
                     to_text(most) + ", further apart than a factor of " + to_text(threshold_),
                 {{"least", least}, {"most", most}, {"threshold", threshold_}});
  }

  double threshold_;
  double distribution_range_;
  std::int64_t patience_;
  std::int64_t steps_;
};

}  // namespace

Entry<HealthRule> poor_weight_initialization_entry() {
  return {.name = "PoorWeightInitialization",
          .doc = "the first steps say that the weights were not initialised well",
          .options = {metrics_option("activation_inputs_regex", "the variance of a layer's activation inputs", false),
                      metrics_option("gradients", "a layer's gradient: its 95th percentile less its 5th", false),
                      metrics_option("losses", "a loss; one of the three is required", false),
                      float_option("threshold", 10.0, 1.0, {}, "the largest ratio of two layers' variances that is right"),
                      float_option("distribution_range", 0.001, 0.0, {}, "the smallest range of a gradient that is right"),
                      int_option("patience", 5, 1, "values of the loss without a smaller one"),
                      int_option("steps", 10, 1, "the last step that is looked at")},
          .make = [](const Space&, const Options& options) -> Result<std::unique_ptr<HealthRule>> {
            if (!options.contains("activation_inputs_regex") && !options.contains("gradients") && !options.contains("losses")) {
              return Status::invalid("activation_inputs_regex, gradients and losses: missing; allowed: at least one of them");
            }
            return std::unique_ptr<HealthRule>(std::make_unique<PoorWeightInitialization>(options));
          }};
}

}  // namespace tune::strategies
