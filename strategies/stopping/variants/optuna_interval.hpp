#pragma once

#include <cstdint>
#include <string>

#include "tune/registry.hpp"
#include "tune/study_view.hpp"

namespace tune::strategies {

/// When Optuna's pruners look: at the first report at or after n_warmup_steps + k interval_steps, for each k = 0, 1, ...
struct OptunaInterval {
  std::int64_t warmup_steps = 0;
  std::int64_t interval_steps = 1;

  /// Why the trial's last step is not looked at; empty when it is.
  [[nodiscard]] std::string exempt(const TrialView& trial) const;
};

/// `n_warmup_steps` and `interval_steps`.
void add_interval_options(std::vector<OptionSpec>& specs);
OptunaInterval interval_of(const Options& options);

}  // namespace tune::strategies
