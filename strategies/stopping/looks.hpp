#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "strategies/stopping/warmup.hpp"
#include "tune/stopping.hpp"

namespace tune::strategies {

inline constexpr double kLookGrowth = 1.4;  ///< of geometric looks, from one to the next

/// At which steps a rule looks at a trial. A pure function of the trial's steps.
struct Looks {
  Warmup warmup = {};
  bool geometric = false;
  std::int64_t interval = 1;  ///< steps from one look to the next; not with geometric

  /// Why the trial is not judged at its last step, empty when it is. Looks are due at the first step judged w, and then at w +
  /// interval, w + 2 interval, ..., or when geometric at w_j = max(w_(j-1) + 1, ceil(1.4^j w)). A look is taken at the first
  /// reported step at which it is due; the maximum step is never judged.
  [[nodiscard]] std::string not_due(const TrialView& trial, std::optional<std::int64_t> max_step) const;
};

/// The options `warmup`, `looks` and `interval`.
std::vector<OptionSpec> looks_options(std::optional<OptionValue> warmup, bool geometric);
/// Refuses (invalid) an interval beside geometric looks.
Result<Looks> looks_of(const Options& options);

}  // namespace tune::strategies
