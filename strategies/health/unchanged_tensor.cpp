#include <algorithm>
#include <cmath>

#include "strategies/health/entries.hpp"
#include "strategies/health/findings.hpp"
#include "strategies/stopping/option_specs.hpp"

namespace tune::strategies {
namespace {

/// The last `num_steps` values are all close to the newest, by numpy's allclose.
class UnchangedTensor final : public HealthRule {
 public:
  explicit UnchangedTensor(const Options& options)
      : num_steps_(static_cast<std::size_t>(option<std::int64_t>(options, "num_steps"))),
        rtol_(option<double>(options, "rtol")),
        atol_(option<double>(options, "atol")),
        equal_nan_(option<bool>(options, "equal_nan")) {}
  [[nodiscard]] std::string_view name() const override { return "UnchangedTensor"; }

  [[nodiscard]] Decision judge(const HealthView& view) const override {
    const HealthSeries* series = view.observed("metrics");
    if (series == nullptr || series->points.size() < num_steps_) return healthy(name());
    const auto last = series->points.last(num_steps_);
    const double value = last.back().value;
    if (!std::ranges::all_of(last, [&](const Point& point) { return close(point.value, value); })) return healthy(name());
    return found(name(),
                 said(*series) + " has not changed for " + std::to_string(num_steps_) + " values, from step " +
                     std::to_string(last.front().step) + " on",
                 {{"value", value}, {"num_steps", static_cast<double>(num_steps_)}, {"rtol", rtol_}, {"atol", atol_}});
  }

 private:
  [[nodiscard]] bool close(double a, double b) const {
    if (std::isnan(a) || std::isnan(b)) return equal_nan_ && std::isnan(a) && std::isnan(b);
    if (std::isinf(a) || std::isinf(b)) return a == b;
    return std::abs(a - b) <= atol_ + rtol_ * std::abs(b);
  }

  std::size_t num_steps_;
  double rtol_;
  double atol_;
  bool equal_nan_;
};

}  // namespace

Entry<HealthRule> unchanged_tensor_entry() {
  return {
      .name = "UnchangedTensor",
      .doc = "a value does not change any more",
      .options = {metrics_option("metrics", "anything that should change, as the mean absolute value of a tensor"),
                  int_option("num_steps", 3, 2, "values that are compared"),
                  float_option("rtol", 1e-5, 0.0, {}, "how far apart they may be, relative to the newest"),
                  float_option("atol", 1e-8, 0.0, {}, "and in its units"), flag_option("equal_nan", false, "two NaNs are equal")},
      .make = made_of<UnchangedTensor>()};
}

}  // namespace tune::strategies
