#include "strategies/stopping/patience.hpp"

#include <cmath>

#include "strategies/stopping/option_specs.hpp"
#include "strategies/stopping/verdict.hpp"
#include "strategies/stopping/warmup.hpp"

namespace tune::strategies {
namespace {

constexpr std::int64_t kDefaultPatience = 10;  ///< values

/// As Keras's EarlyStopping: a value is an improvement when it is better than the last improvement by more than min_delta.
class Patience final : public StoppingPolicy {
 public:
  Patience(std::int64_t patience, double min_delta, Warmup warmup)
      : patience_(patience), min_delta_(min_delta), warmup_(warmup) {}
  [[nodiscard]] std::string_view name() const override { return "patience"; }

  [[nodiscard]] Decision judge(const StudyView& study, const TrialView& trial) const override {
    const auto max_step = study.max_step();
    if (std::string why = exempt(trial.last_step(), first_judged_step(warmup_, max_step), max_step); !why.empty()) {
      return not_judged(name(), trial, std::move(why));
    }
    const Objective& objective = study.objective();
    double best = std::nan("");
    std::int64_t best_step = 0;
    std::int64_t since = 0;
    for (const Point& point : trial.objective()) {
      ++since;
      if (std::isnan(point.value)) continue;
      const double gain = objective.goal == Goal::kMaximize ? point.value - best : best - point.value;
      if (!std::isnan(best) && !(gain > min_delta_)) continue;
      best = point.value;
      best_step = point.step;
      since = 0;
    }
    Decision decision = not_judged(name(), trial, {});
    decision.numbers.insert(decision.numbers.end(), {{"value", trial.objective().back().value},
                                                     {"best", best},
                                                     {"best_step", static_cast<double>(best_step)},
                                                     {"values_since", static_cast<double>(since)},
                                                     {"patience", static_cast<double>(patience_)},
                                                     {"min_delta", min_delta_}});
    decision.kind = since >= patience_ ? Decision::Kind::kStop : Decision::Kind::kContinue;
    decision.reason = counted(static_cast<std::size_t>(since), "value") + " since " + objective.metric +
                      " last improved by more than " + to_text(min_delta_) + ", to " + to_text(best) + " at step " +
                      std::to_string(best_step) + "; patience is " + std::to_string(patience_);
    return decision;
  }

 private:
  std::int64_t patience_;
  double min_delta_;
  Warmup warmup_;
};

}  // namespace

Entry<StoppingPolicy> patience_entry() {
  return {
      .name = "patience",
      .doc = "stops a trial that has not improved for some time",
      .options = {int_option("patience", kDefaultPatience, 1, "values in a row without an improvement at which it is stopped"),
                  float_option("min_delta", 0.0, 0.0, {}, "what an improvement must exceed, in the objective's units"),
                  warmup_option(std::int64_t{1})},
      .make = [](const Space&, const Options& options) -> Result<std::unique_ptr<StoppingPolicy>> {
        const auto warmup = warmup_of(options);
        if (!warmup.ok()) return warmup.status();
        return std::unique_ptr<StoppingPolicy>(
            std::make_unique<Patience>(option<std::int64_t>(options, "patience"), option<double>(options, "min_delta"), *warmup));
      }};
}

}  // namespace tune::strategies
