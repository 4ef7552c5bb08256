#include "strategies/stopping/variants/optuna_interval.hpp"

#include "strategies/stopping/option_specs.hpp"

namespace tune::strategies {

std::string OptunaInterval::exempt(const TrialView& trial) const {
  const auto points = trial.objective();
  if (points.empty()) return "there is no value to judge yet";
  const std::int64_t step = points.back().step;
  if (step < warmup_steps) return "the warm-up is not over";
  const std::int64_t look = (step - warmup_steps) / interval_steps * interval_steps + warmup_steps;
  const std::int64_t before = points.size() > 1 ? points[points.size() - 2].step : -1;
  return before < look ? "" : "the trial has been looked at in this interval";
}

void add_interval_options(std::vector<OptionSpec>& specs) {
  specs.push_back(int_option("n_warmup_steps", 0, 0, "the first step that is looked at"));
  specs.push_back(int_option("interval_steps", 1, 1, "from then on one look in each interval of so many steps"));
}

OptunaInterval interval_of(const Options& options) {
  return {option<std::int64_t>(options, "n_warmup_steps"), option<std::int64_t>(options, "interval_steps")};
}

}  // namespace tune::strategies
