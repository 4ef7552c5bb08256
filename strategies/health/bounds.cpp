#include <cmath>
#include <functional>
#include <utility>

#include "strategies/health/entries.hpp"
#include "strategies/health/findings.hpp"
#include "strategies/stopping/option_specs.hpp"

namespace tune::strategies {
namespace {

/// What is wrong with a value of a metric.
struct Fault {
  std::string text;                                     ///< after the metric, its value and the step: "is below ..."
  std::vector<std::pair<std::string, double>> numbers;  ///< what it was compared with
};
using FaultOf = std::function<std::optional<Fault>(double value)>;

/// Looks at each value of a metric alone.
class Bound final : public HealthRule {
 public:
  /// The faults of the metrics that each option names.
  using Faults = std::vector<std::pair<std::string_view, FaultOf>>;

  Bound(std::string_view name, Faults faults) : name_(name), faults_(std::move(faults)) {}
  [[nodiscard]] std::string_view name() const override { return name_; }

  [[nodiscard]] Decision judge(const HealthView& view) const override {
    for (const auto& [option, fault_of] : faults_) {
      const HealthSeries* series = view.observed(option);
      if (series == nullptr) continue;
      const double value = series->points.back().value;
      const auto fault = fault_of(value);
      if (!fault) continue;
      std::vector<std::pair<std::string, double>> numbers{{"value", value}};
      numbers.insert(numbers.end(), fault->numbers.begin(), fault->numbers.end());
      return found(name_, said(*series) + " " + fault->text, std::move(numbers));
    }
    return healthy(name_);
  }

 private:
  std::string_view name_;
  Faults faults_;
};

FaultOf below(std::string bound, double threshold) {
  return [=](double value) -> std::optional<Fault> {
    if (!(value < threshold)) return std::nullopt;
    return Fault{"is below " + bound + " " + to_text(threshold), {{bound, threshold}}};
  };
}

FaultOf above(std::string bound, double threshold) {
  return [=](double value) -> std::optional<Fault> {
    if (!(value > threshold)) return std::nullopt;
    return Fault{"is above " + bound + " " + to_text(threshold), {{bound, threshold}}};
  };
}

FaultOf either(FaultOf one, FaultOf other) {
  return [=](double value) {
    auto fault = one(value);
    return fault ? fault : other(value);
  };
}

FaultOf no_number(bool only_nan) {
  return [=](double value) -> std::optional<Fault> {
    if (std::isfinite(value) || (only_nan && !std::isnan(value))) return std::nullopt;
    return Fault{std::isnan(value) ? "is no number" : "is infinite", {}};
  };
}

/// The outer bounds of a value's magnitude.
FaultOf far_from_zero(std::string bound, double threshold) {
  return [=](double value) -> std::optional<Fault> {
    if (!(std::abs(value) > threshold)) return std::nullopt;
    return Fault{"is further from 0 than " + bound + " " + to_text(threshold), {{bound, threshold}}};
  };
}

FaultOf at_least(std::string bound, double threshold) {
  return [=](double value) -> std::optional<Fault> {
    if (!(value >= threshold)) return std::nullopt;
    return Fault{"has reached " + bound + " " + to_text(threshold), {{bound, threshold}}};
  };
}

using FaultFrom = std::function<FaultOf(const Options&)>;

/// A rule that has the one input `metrics`.
Entry<HealthRule> bound_entry(std::string_view name, std::string doc, std::string metrics, std::vector<OptionSpec> specs,
                              FaultFrom fault_from) {
  Entry<HealthRule> entry;
  entry.name = name;
  entry.doc = std::move(doc);
  entry.options = std::move(specs);
  entry.options.insert(entry.options.begin(), metrics_option("metrics", std::move(metrics)));
  entry.make = [name, fault_from = std::move(fault_from)](const Space&,
                                                          const Options& options) -> Result<std::unique_ptr<HealthRule>> {
    return std::unique_ptr<HealthRule>(std::make_unique<Bound>(name, Bound::Faults{{"metrics", fault_from(options)}}));
  };
  return entry;
}

/// The same with one number as its bound.
Entry<HealthRule> number_entry(std::string_view name, std::string doc, std::string metrics, OptionSpec bound,
                               FaultOf (*fault_of)(std::string bound, double threshold)) {
  const std::string option_name = bound.name;
  return bound_entry(name, std::move(doc), std::move(metrics), {std::move(bound)},
                     [=](const Options& options) { return fault_of(option_name, option<double>(options, option_name)); });
}

OptionSpec number(std::string name, std::optional<double> standard, std::string doc, std::optional<double> max = {}) {
  return float_option(std::move(name), standard, 0.0, max, std::move(doc));
}

Entry<HealthRule> tensor_variance_entry() {
  Entry<HealthRule> entry =
      bound_entry("TensorVariance", "a variance is out of bounds", "the variance of a tensor",
                  {number("max_threshold", {}, "the largest variance that is right"),
                   number("min_threshold", {}, "the smallest; one of the two is required")},
                  [](const Options& options) {
                    FaultOf fault = [](double) { return std::nullopt; };
                    if (options.contains("max_threshold"))
                      fault = either(fault, above("max_threshold", option<double>(options, "max_threshold")));
                    if (options.contains("min_threshold"))
                      fault = either(fault, below("min_threshold", option<double>(options, "min_threshold")));
                    return fault;
                  });
  entry.make = [make = entry.make](const Space& space, const Options& options) -> Result<std::unique_ptr<HealthRule>> {
    if (!options.contains("max_threshold") && !options.contains("min_threshold"))
      return Status::invalid("max_threshold and min_threshold: missing; allowed: one of them, or both");
    return make(space, options);
  };
  return entry;
}

Entry<HealthRule> confusion_entry() {
  Entry<HealthRule> entry;
  entry.name = "Confusion";
  entry.doc = "a confusion matrix is not close enough to the diagonal";
  entry.options = {metrics_option("diagonal", "entries on the diagonal, over the sum of the diagonal"),
                   metrics_option("off_diagonal", "entries off the diagonal, over the sum of their column", false),
                   number("min_diag", 0.9, "the smallest value on the diagonal that is right", 1.0),
                   number("max_off_diag", 0.1, "the largest value off the diagonal that is right", 1.0)};
  entry.make = [](const Space&, const Options& options) -> Result<std::unique_ptr<HealthRule>> {
    Bound::Faults faults{{"diagonal", below("min_diag", option<double>(options, "min_diag"))},
                         {"off_diagonal", above("max_off_diag", option<double>(options, "max_off_diag"))}};
    return std::unique_ptr<HealthRule>(std::make_unique<Bound>("Confusion", std::move(faults)));
  };
  return entry;
}

}  // namespace

std::vector<Entry<HealthRule>> bound_entries() {
  std::vector<Entry<HealthRule>> entries;
  entries.push_back(number_entry("VanishingGradient", "gradients are nearly zero", "the mean absolute value of a gradient",
                                 number("threshold", 1e-7, "the smallest mean absolute value that is right"), below));
  entries.push_back(bound_entry("ExplodingTensor", "a value is no number, or infinite", "anything that should be finite",
                                {flag_option("only_nan", false, "infinities are no fault")},
                                [](const Options& options) { return no_number(option<bool>(options, "only_nan")); }));
  entries.push_back(number_entry("DeadRelu", "too many ReLUs of a layer are dead",
                                 "the percentage of a layer's ReLUs that are dead",
                                 number("threshold_layer", 50.0, "the largest percentage that is right", 100.0), above));
  entries.push_back(number_entry("SaturatedActivation", "too many activations of a layer are saturated",
                                 "the percentage of a layer's tanh or sigmoid activations that are saturated",
                                 number("threshold_layer", 50.0, "the largest percentage that is right", 100.0), above));
  entries.push_back(bound_entry(
      "WeightUpdateRatio", "updates are too large or too small for the weights", "the ratio of a layer's updates to its weights",
      {number("large_threshold", 10.0, "the largest ratio that is right"), number("small_threshold", 1e-8, "the smallest")},
      [](const Options& options) {
        return either(above("large_threshold", option<double>(options, "large_threshold")),
                      below("small_threshold", option<double>(options, "small_threshold")));
      }));
  entries.push_back(number_entry("AllZero", "values are zero", "the percentage of a tensor's values that are zero",
                                 number("threshold", 100.0, "the percentage from which on it is wrong", 100.0), at_least));
  entries.push_back(tensor_variance_entry());
  entries.push_back(confusion_entry());
  entries.push_back(number_entry("CheckInputImages", "input images are not normalised", "the mean of the input images",
                                 number("threshold_mean", 0.2, "how far from 0 it may be"), far_from_zero));
  entries.push_back(number_entry("NLPSequenceRatio", "too many tokens are of one kind",
                                 "the percentage of tokens that are padding, unknown, or another kind",
                                 number("token_thresholds_percent", 50.0, "the largest percentage that is right", 100.0), above));
  entries.push_back(number_entry("TreeDepth", "a tree is too deep", "the depth of a tree",
                                 number("depth", 4.0, "the largest depth that is right"), above));
  return entries;
}

}  // namespace tune::strategies
