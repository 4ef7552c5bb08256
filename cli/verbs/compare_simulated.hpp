#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "cli/context.hpp"
#include "engine/report/compare.hpp"

namespace tune::cli {

/// `tune compare --simulate`: two rules on recorded curves.
struct SimulatedComparison {
  std::string curves;  ///< the CSV
  std::string goal;    ///< maximize or minimize
  std::string first;   ///< a rule as for --early-stopping; empty: off
  std::string second;  ///< empty: auto
  int trials = 100;
  int workers = 1;
  int seeds = 1;
  std::uint64_t seed = 1;
};

/// Refuses (invalid) what it does not understand, before anything is simulated.
Result<engine::Comparison> simulate_comparison(const Context& context, const SimulatedComparison& wanted);

}  // namespace tune::cli
