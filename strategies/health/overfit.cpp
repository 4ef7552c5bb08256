#include <cmath>
#include <functional>
#include <numeric>
#include <set>

#include "strategies/health/entries.hpp"
#include "strategies/health/findings.hpp"
#include "strategies/stopping/option_specs.hpp"

namespace tune::strategies {
namespace {

double mean_of(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

/// (mean validation loss - mean training loss) / |mean training loss| at the steps that have both.
class Overfit final : public HealthRule {
 public:
  explicit Overfit(const Options& options)
      : start_step_(option<std::int64_t>(options, "start_step")),
        patience_(option<std::int64_t>(options, "patience")),
        ratio_threshold_(option<double>(options, "ratio_threshold")) {}
  [[nodiscard]] std::string_view name() const override { return "Overfit"; }

  [[nodiscard]] Decision judge(const HealthView& view) const override {
    const auto train = view.of("train");
    const auto validation = view.of("validation");
    const auto at_judged = ratio_at(train, validation, view.step);
    if (!at_judged || view.step < start_step_) return healthy(name());
    // Back from the judged step, over the steps that have both.
    std::int64_t steps = 0;
    for (const std::int64_t step : newest_first(validation)) {
      if (step < start_step_) break;
      const auto ratio = ratio_at(train, validation, step);
      if (!ratio) continue;
      if (!(*ratio > ratio_threshold_)) break;
      if (++steps < patience_) continue;
      const double train_loss = mean_of(values_at(train, view.step));
      const double validation_loss = mean_of(values_at(validation, view.step));
      return found(name(),
                   "the validation loss " + to_text(validation_loss) + " at step " + std::to_string(view.step) +
                       " exceeds the training loss " + to_text(train_loss) + " by a ratio above " + to_text(ratio_threshold_) +
                       ", for " + std::to_string(patience_) + (patience_ == 1 ? " step" : " steps"),
                   {{"train", train_loss},
                    {"validation", validation_loss},
                    {"ratio", *at_judged},
                    {"ratio_threshold", ratio_threshold_},
                    {"patience", static_cast<double>(patience_)}});
    }
    return healthy(name());
  }

 private:
  static std::optional<double> ratio_at(std::span<const HealthSeries> train, std::span<const HealthSeries> validation,
                                        std::int64_t step) {
    const std::vector<double> trained = values_at(train, step);
    const std::vector<double> validated = values_at(validation, step);
    if (trained.empty() || validated.empty()) return std::nullopt;
    const double loss = mean_of(trained);
    return (mean_of(validated) - loss) / std::abs(loss);
  }

  /// The steps at which any of the series has a value.
  static std::set<std::int64_t, std::greater<>> newest_first(std::span<const HealthSeries> series) {
    std::set<std::int64_t, std::greater<>> steps;
    for (const HealthSeries& one : series) {
      for (const Point& point : one.points) steps.insert(point.step);
    }
    return steps;
  }

  std::int64_t start_step_;
  std::int64_t patience_;
  double ratio_threshold_;
};

}  // namespace

Entry<HealthRule> overfit_entry() {
  return {
      .name = "Overfit",
      .doc = "the validation loss is too far above the training loss",
      .options = {metrics_option("train", "the training loss; the mean where several match"),
                  metrics_option("validation", "the validation loss; the mean where several match"),
                  int_option("start_step", 0, 0, "the first step that is looked at"),
                  int_option("patience", 1, 1, "steps in a row that have both losses and too large a ratio"),
                  float_option("ratio_threshold", 0.1, 0.0, {}, "the largest (validation - training) / training that is right")},
      .make = made_of<Overfit>()};
}

}  // namespace tune::strategies
