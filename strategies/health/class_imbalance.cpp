#include <algorithm>
#include <numeric>

#include "strategies/health/entries.hpp"
#include "strategies/health/findings.hpp"
#include "strategies/stopping/option_specs.hpp"

namespace tune::strategies {
namespace {

/// Looks at how often each class was seen, and at how often each is mistaken. Judged at each value: the counts that have come for
/// a step can only lie further apart when the others come.
class ClassImbalance final : public HealthRule {
 public:
  explicit ClassImbalance(const Options& options)
      : threshold_imbalance_(option<double>(options, "threshold_imbalance")),
        threshold_misprediction_(option<double>(options, "threshold_misprediction")),
        samples_(option<std::int64_t>(options, "samples")) {}
  [[nodiscard]] std::string_view name() const override { return "ClassImbalance"; }

  [[nodiscard]] Decision judge(const HealthView& view) const override {
    if (view.observed("labels_regex") != nullptr) {
      Decision decision = look_at_counts(view);
      if (decision.kind == Decision::Kind::kStop) return decision;
    }
    const HealthSeries* mistaken = view.observed("predictions_regex");
    if (mistaken == nullptr || !(mistaken->points.back().value > threshold_misprediction_)) return healthy(name());
    return found(name(), said(*mistaken) + " is above threshold_misprediction " + to_text(threshold_misprediction_),
                 {{"value", mistaken->points.back().value}, {"threshold_misprediction", threshold_misprediction_}});
  }

 private:
  [[nodiscard]] Decision look_at_counts(const HealthView& view) const {
    const std::vector<double> counts = values_at(view.of("labels_regex"), view.step);
    const double sum = std::accumulate(counts.begin(), counts.end(), 0.0);
    if (counts.size() < 2 || !(sum >= static_cast<double>(samples_))) return healthy(name());
    const auto [least, most] = std::ranges::minmax(counts);
    if (!(most > threshold_imbalance_ * least)) return healthy(name());
    return found(name(),
                 "of " + to_text(sum) + " labels at step " + std::to_string(view.step) + " the rarest class has " +
                     to_text(least) + " and the most frequent " + to_text(most) + ", more than " + to_text(threshold_imbalance_) +
                     " times as many",
                 {{"samples", sum}, {"least", least}, {"most", most}, {"threshold_imbalance", threshold_imbalance_}});
  }

  double threshold_imbalance_;
  double threshold_misprediction_;
  std::int64_t samples_;
};

}  // namespace

Entry<HealthRule> class_imbalance_entry() {
  return {
      .name = "ClassImbalance",
      .doc = "classes are too unevenly frequent, or one is mistaken too often",
      .options = {metrics_option("labels_regex", "how many samples of a class were seen so far", false),
                  metrics_option("predictions_regex",
                                 "the share of a class's samples that is mistaken; one of the two is required", false),
                  float_option("threshold_imbalance", 10.0, 1.0, {}, "the largest ratio of two classes' counts that is right"),
                  float_option("threshold_misprediction", 0.7, 0.0, 1.0, "the largest share of mistakes that is right"),
                  int_option("samples", 500, 1, "labels in all before the counts are compared")},
      .make = [](const Space&, const Options& options) -> Result<std::unique_ptr<HealthRule>> {
        if (!options.contains("labels_regex") && !options.contains("predictions_regex"))
          return Status::invalid("labels_regex and predictions_regex: missing; allowed: one of them, or both");
        return std::unique_ptr<HealthRule>(std::make_unique<ClassImbalance>(options));
      }};
}

}  // namespace tune::strategies
