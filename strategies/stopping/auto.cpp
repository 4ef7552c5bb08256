#include "strategies/stopping/auto.hpp"

#include <cmath>
#include <memory>

#include "strategies/curves/backward.hpp"
#include "strategies/curves/forward.hpp"
#include "strategies/stopping/chance_text.hpp"
#include "strategies/stopping/looks.hpp"
#include "strategies/stopping/option_specs.hpp"
#include "strategies/stopping/verdict.hpp"

namespace tune::strategies {
namespace {

constexpr double kDelta = 0.075;
constexpr std::int64_t kMinTrials = 4;
constexpr double kWarmup = 0.1;  ///< share of the maximum step
constexpr double kAudit = 0.05;  ///< share of the trials to be stopped that runs on, where the config does not say

class Auto final : public StoppingPolicy {
 public:
  Auto(Looks looks, double delta, std::size_t min_trials) : looks_(looks), delta_(delta), min_trials_(min_trials) {}
  [[nodiscard]] std::string_view name() const override { return "auto"; }

  [[nodiscard]] Decision judge(const StudyView& study, const TrialView& trial) const override {
    if (std::string why = looks_.not_due(trial, study.max_step()); !why.empty()) return not_judged(name(), trial, std::move(why));
    Look look = look_at(study, trial);
    if (look.rows.size() < min_trials_) return not_judged(name(), trial, too_few(look, min_trials_));
    const auto future = forecast(look);
    const auto backward = chance_of_looking_like_this(look);
    if (!future || !backward) return not_judged(name(), trial, kAllAlike);
    const double forward = future->chance_above(look.rows.front().result);
    const double chance = std::sqrt(forward * *backward);

    Decision decision = not_judged(name(), trial, "");
    decision.kind = chance < delta_ ? Decision::Kind::kStop : Decision::Kind::kContinue;
    decision.reason = trial_at(study, trial) + ": its chance to end better than " + bar_text(study, look, 1) + " is " +
                      percent_text(forward) + " (predicted " + forecast_text(study, *future) +
                      "), and of the trials that end among the best " + percent_text(*backward) +
                      " look no better at this step; their geometric mean " + percent_text(chance) +
                      (chance < delta_ ? " is less than " : " is not less than ") + percent_text(delta_);
    const double sign = score_sign(study.objective());
    decision.numbers.insert(decision.numbers.end(), {{"value", trial.objective().back().value},
                                                     {"references", static_cast<double>(look.rows.size())},
                                                     {"best", sign * look.rows.front().result},
                                                     {"predicted", sign * future->mean},
                                                     {"scale", future->scale},
                                                     {"degrees", future->degrees},
                                                     {"forward", forward},
                                                     {"backward", *backward},
                                                     {"chance", chance},
                                                     {"delta", delta_}});
    decision.references = std::move(look.references);
    return decision;
  }

 private:
  Looks looks_;
  double delta_;
  std::size_t min_trials_;
};

}  // namespace

Entry<StoppingPolicy> auto_entry() {
  std::vector<OptionSpec> specs{float_option("delta", kDelta, 0.0, 1.0, "the chance under which a trial is stopped"),
                                int_option("min_trials", kMinTrials, 3, "completed trials needed before a trial is judged")};
  for (OptionSpec& spec : looks_options(OptionValue(kWarmup), true)) specs.push_back(std::move(spec));
  return {.name = "auto",
          .doc = "the rule that measured best: stops a trial that neither looks like a winner nor is predicted to become one",
          .options = std::move(specs),
          .make = [](const Space&, const Options& options) -> Result<std::unique_ptr<StoppingPolicy>> {
            const auto looks = looks_of(options);
            if (!looks.ok()) return looks.status();
            return std::unique_ptr<StoppingPolicy>(std::make_unique<Auto>(
                *looks, option<double>(options, "delta"), static_cast<std::size_t>(option<std::int64_t>(options, "min_trials"))));
          },
          .audit_share = kAudit};
}

}  // namespace tune::strategies
