#include <algorithm>
#include <functional>
#include <numeric>

#include "strategies/health/entries.hpp"
#include "strategies/health/findings.hpp"
#include "strategies/stopping/option_specs.hpp"

namespace tune::strategies {
namespace {

/// The share of the largest importances at a step. With a part of the features it would be too large, so a step is judged when
/// the next one begins.
class FeatureImportanceOverweight final : public HealthRule {
 public:
  explicit FeatureImportanceOverweight(const Options& options)
      : threshold_(option<double>(options, "threshold")),
        nfeatures_(static_cast<std::size_t>(option<std::int64_t>(options, "nfeatures"))) {}
  [[nodiscard]] std::string_view name() const override { return "FeatureImportanceOverweight"; }

  [[nodiscard]] Decision judge(const HealthView& view) const override {
    const auto features = view.of("metrics");
    if (view.observed("metrics") == nullptr || values_at(features, view.step).size() != 1) return healthy(name());
    std::int64_t before = -1;
    for (const HealthSeries& series : features) {
      for (const Point& point : series.points) {
        if (point.step < view.step) before = std::max(before, point.step);
      }
    }
    std::vector<double> values = before < 0 ? std::vector<double>() : values_at(features, before);
    const double sum = std::accumulate(values.begin(), values.end(), 0.0);
    std::ranges::sort(values, std::greater());
    const std::size_t count = std::min(nfeatures_, values.size());
    const double share = std::accumulate(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(count), 0.0) / sum;
    if (values.size() <= nfeatures_ || !(share > threshold_)) return healthy(name());
    return found(name(),
                 "at step " + std::to_string(before) + " the " + std::to_string(count) + " most important of " +
                     std::to_string(values.size()) + " features have " + to_text(share) + " of the importance, above threshold " +
                     to_text(threshold_),
                 {{"share", share}, {"nfeatures", static_cast<double>(nfeatures_)}, {"threshold", threshold_}});
  }

 private:
  double threshold_;
  std::size_t nfeatures_;
};

}  // namespace

Entry<HealthRule> feature_importance_entry() {
  return {.name = "FeatureImportanceOverweight",
          .doc = "few features have nearly all the importance",
          .options = {metrics_option("metrics", "the importance of a feature, a metric each"),
                      float_option("threshold", 0.8, 0.0, 1.0, "the largest share that is right"),
                      int_option("nfeatures", 3, 1, "how many of the most important features are added up")},
          .make = made_of<FeatureImportanceOverweight>()};
}

}  // namespace tune::strategies
