#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "tune/registry.hpp"

namespace tune::strategies {

inline constexpr std::int64_t kLeastDefaultWarmup =
    2;  ///< steps; at step 1 an average is a value, so a rule would halve the field
inline constexpr std::int64_t kDefaultWarmupParts = 5;  ///< one fifth (20 %) of the maximum step

/// Nothing: max(2, ceil(20 % of the maximum step)); an int: that step; a double: that share of the maximum step, rounded up.
using Warmup = std::variant<std::monostate, std::int64_t, double>;

/// The first step that is judged, at least 1. Where the maximum step is needed and unknown: kLeastDefaultWarmup.
inline std::int64_t first_judged_step(const Warmup& warmup, std::optional<std::int64_t> max_step) {
  if (const auto* step = std::get_if<std::int64_t>(&warmup)) return std::max<std::int64_t>(1, *step);
  if (!max_step) return kLeastDefaultWarmup;
  if (const auto* share = std::get_if<double>(&warmup)) {
    constexpr double kRounding = 1e-9;  // 7 % of 100 is 7.000000000000001 in doubles and means 7
    const double exact = *share * static_cast<double>(*max_step);
    return std::max<std::int64_t>(1, static_cast<std::int64_t>(std::ceil(exact - kRounding)));
  }
  return std::max(kLeastDefaultWarmup, (*max_step + kDefaultWarmupParts - 1) / kDefaultWarmupParts);
}

/// Why `step` is not judged: it comes too early, or it is the last one; empty when it is.
std::string exempt(std::int64_t step, std::int64_t first_judged, std::optional<std::int64_t> max_step);

/// The option `warmup`; none given: `standard`, or if that is none the rule above.
OptionSpec warmup_option(std::optional<std::int64_t> standard);
Result<Warmup> warmup_of(const Options& options);

}  // namespace tune::strategies
