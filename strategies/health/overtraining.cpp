#include "strategies/health/entries.hpp"
#include "strategies/health/findings.hpp"
#include "strategies/stopping/option_specs.hpp"

namespace tune::strategies {
namespace {

/// A loss has not reached a new optimum for some time.
class Overtraining final : public HealthRule {
 public:
  explicit Overtraining(const Options& options)
      : patience_train_(option<std::int64_t>(options, "patience_train")),
        patience_validation_(option<std::int64_t>(options, "patience_validation")),
        delta_(option<double>(options, "delta")) {}
  [[nodiscard]] std::string_view name() const override { return "Overtraining"; }

  [[nodiscard]] Decision judge(const HealthView& view) const override {
    Decision decision = look(view.observed("train"), patience_train_, "patience_train");
    if (decision.kind == Decision::Kind::kStop) return decision;
    return look(view.observed("validation"), patience_validation_, "patience_validation");
  }

 private:
  [[nodiscard]] Decision look(const HealthSeries* series, std::int64_t patience, const char* patience_name) const {
    const std::int64_t since = series == nullptr ? 0 : values_since_optimum(*series, delta_);
    if (series == nullptr || since < patience) return healthy(name());
    return found(name(),
                 said(*series) + " is the value number " + std::to_string(since) +
                     " since it last fell below its smallest by more than " + to_text(delta_) + "; " + patience_name + " is " +
                     std::to_string(patience),
                 {{"value", series->points.back().value},
                  {"values_since", static_cast<double>(since)},
                  {patience_name, static_cast<double>(patience)},
                  {"delta", delta_}});
  }

  std::int64_t patience_train_;
  std::int64_t patience_validation_;
  double delta_;
};

}  // namespace

Entry<HealthRule> overtraining_entry() {
  return {.name = "Overtraining",
          .doc = "a loss does not improve any more",
          .options = {metrics_option("train", "the training loss", false),
                      metrics_option("validation", "the validation loss; one of the two is required", false),
                      int_option("patience_train", 5, 1, "values of the training loss without a new optimum"),
                      int_option("patience_validation", 10, 1, "values of the validation loss without a new optimum"),
                      float_option("delta", 0.01, 0.0, {}, "by how much more than that a new optimum must be smaller")},
          .make = [](const Space&, const Options& options) -> Result<std::unique_ptr<HealthRule>> {
            if (!options.contains("train") && !options.contains("validation"))
              return Status::invalid("train and validation: missing; allowed: one of them, or both");
            return std::unique_ptr<HealthRule>(std::make_unique<Overtraining>(options));
          }};
}

}  // namespace tune::strategies
