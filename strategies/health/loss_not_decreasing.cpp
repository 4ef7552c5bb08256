#include <cmath>
#include <string>

#include "strategies/health/entries.hpp"
#include "strategies/health/findings.hpp"
#include "strategies/stopping/option_specs.hpp"

namespace tune::strategies {
namespace {

/// Looks every `num_steps`: at the first step that has a value at least `num_steps` before it, and from then on at the first one
/// at least `num_steps` after the last look. The value there is compared with the newest that lies at least `num_steps` behind.
class LossNotDecreasing final : public HealthRule {
 public:
  explicit LossNotDecreasing(const Options& options)
      : num_steps_(option<std::int64_t>(options, "num_steps")),
        diff_percent_(option<double>(options, "diff_percent")),
        increase_percent_(option<double>(options, "increase_threshold_percent")) {}
  [[nodiscard]] std::string_view name() const override { return "LossNotDecreasing"; }

  [[nodiscard]] Decision judge(const HealthView& view) const override {
    const HealthSeries* series = view.observed("metrics");
    if (series == nullptr) return healthy(name());
    const Point* before = nullptr;  // what the newest value is compared with, when it is looked at
    std::int64_t next_look = series->points.front().step + num_steps_;
    std::size_t behind = 0;
    for (const Point& point : series->points) {
      before = nullptr;
      if (point.step < next_look) continue;
      while (series->points[behind + 1].step <= point.step - num_steps_) ++behind;
      before = &series->points[behind];
      next_look = point.step + num_steps_;
    }
    return before == nullptr ? healthy(name()) : compare(*series, *before);
  }

 private:
  [[nodiscard]] Decision compare(const HealthSeries& series, const Point& before) const {
    const double value = series.points.back().value;
    const double percent = 100.0 * (before.value - value) / std::abs(before.value);
    const bool falls_slowly = percent >= 0.0 && percent < diff_percent_;
    const bool rises = percent < -increase_percent_;
    if (!std::isfinite(percent) || !(falls_slowly || rises)) return healthy(name());
    const std::string how =
        rises ? " is more than " + to_text(increase_percent_) + " % above " : " is not " + to_text(diff_percent_) + " % below ";
    return found(name(), said(series) + how + to_text(before.value) + " at step " + std::to_string(before.step),
                 {{"value", value},
                  {"before", before.value},
                  {"before_step", static_cast<double>(before.step)},
                  {"fall_percent", percent},
                  {"diff_percent", diff_percent_},
                  {"increase_threshold_percent", increase_percent_}});
  }

  std::int64_t num_steps_;
  double diff_percent_;
  double increase_percent_;
};

}  // namespace

Entry<HealthRule> loss_not_decreasing_entry() {
  return {.name = "LossNotDecreasing",
          .doc = "a loss falls too slowly, or rises",
          .options = {metrics_option("metrics", "a loss"),
                      int_option("num_steps", 10, 1, "steps between two looks, and between the two values that are compared"),
                      float_option("diff_percent", 0.1, 0.0, 100.0, "by how many percent it should have fallen"),
                      float_option("increase_threshold_percent", 5.0, 0.0, 100.0, "by how many percent it may have risen")},
          .make = made_of<LossNotDecreasing>()};
}

}  // namespace tune::strategies
