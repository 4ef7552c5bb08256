#include "strategies/stopping/predicted.hpp"

#include <algorithm>
#include <memory>

#include "strategies/curves/forward.hpp"
#include "strategies/stopping/chance_text.hpp"
#include "strategies/stopping/looks.hpp"
#include "strategies/stopping/option_specs.hpp"
#include "strategies/stopping/verdict.hpp"

namespace tune::strategies {
namespace {

class Predicted final : public StoppingPolicy {
 public:
  Predicted(Looks looks, std::size_t top, double delta, std::size_t min_trials)
      : looks_(looks), top_(top), delta_(delta), min_trials_(min_trials) {}
  [[nodiscard]] std::string_view name() const override { return "predicted"; }

  [[nodiscard]] Decision judge(const StudyView& study, const TrialView& trial) const override {
    if (std::string why = looks_.not_due(trial, study.max_step()); !why.empty()) return not_judged(name(), trial, std::move(why));
    Look look = look_at(study, trial);
    if (look.rows.size() < min_trials_) return not_judged(name(), trial, too_few(look, min_trials_));
    const auto future = forecast(look);
    if (!future) return not_judged(name(), trial, kAllAlike);
    const double bar = look.rows[std::min(top_, look.rows.size()) - 1].result;
    const double chance = future->chance_above(bar);

    Decision decision = not_judged(name(), trial, "");
    decision.kind = chance < delta_ ? Decision::Kind::kStop : Decision::Kind::kContinue;
    decision.reason = trial_at(study, trial) + ": its chance to end better than " + bar_text(study, look, top_) + " is " +
                      percent_text(chance) + (chance < delta_ ? ", less than " : ", not less than ") + percent_text(delta_) +
                      " (predicted " + forecast_text(study, *future) + ")";
    const double sign = score_sign(study.objective());
    decision.numbers.insert(decision.numbers.end(), {{"value", trial.objective().back().value},
                                                     {"references", static_cast<double>(look.rows.size())},
                                                     {"predicted", sign * future->mean},
                                                     {"scale", future->scale},
                                                     {"degrees", future->degrees},
                                                     {"bar", sign * bar},
                                                     {"chance", chance},
                                                     {"delta", delta_}});
    decision.references = std::move(look.references);
    return decision;
  }

 private:
  Looks looks_;
  std::size_t top_;
  double delta_;
  std::size_t min_trials_;
};

}  // namespace

Entry<StoppingPolicy> predicted_entry() {
  std::vector<OptionSpec> specs{
      int_option("top", 3, 1, "a trial goes on while it may end better than so many-th best of the completed ones"),
      float_option("delta", 0.05, 0.0, 1.0, "the chance of that under which it is stopped"),
      int_option("min_trials", 6, 3, "completed trials needed before a trial is judged")};
  for (OptionSpec& spec : looks_options(OptionValue(0.1), true)) specs.push_back(std::move(spec));
  return {.name = "predicted",
          .doc = "stops a trial when the predicted chance that it ends among the best is small",
          .options = std::move(specs),
          .make = [](const Space&, const Options& options) -> Result<std::unique_ptr<StoppingPolicy>> {
            const auto looks = looks_of(options);
            if (!looks.ok()) return looks.status();
            return std::unique_ptr<StoppingPolicy>(std::make_unique<Predicted>(
                *looks, static_cast<std::size_t>(option<std::int64_t>(options, "top")), option<double>(options, "delta"),
                static_cast<std::size_t>(option<std::int64_t>(options, "min_trials"))));
          }};
}

}  // namespace tune::strategies
