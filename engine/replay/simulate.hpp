#pragma once

#include <string>

#include "engine/replay/curves.hpp"
#include "tune/stopping.hpp"

namespace tune::engine {

struct SimulatedJob {
  Objective objective = {};
  const StoppingPolicy* policy = nullptr;  ///< none: no rule
  std::string rule = "off";                ///< as reports name it
  int trials = 100;                        ///< curves drawn; all where there are fewer
  int workers = 1;
  std::uint64_t seed = 1;  ///< of the draw: the same curves in the same order for every rule
};

/// A study of recorded curves under a rule, as its record would be had it been run: on a virtual clock, a second for each step,
/// or each curve's own pace where it is known.
StudyRecord simulate_study(const Curves& curves, const SimulatedJob& job);

}  // namespace tune::engine
