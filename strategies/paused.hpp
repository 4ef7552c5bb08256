#pragma once

#include <algorithm>
#include <cmath>

#include "tune/study_view.hpp"

namespace tune::strategies {

/// Whether an unfinished trial is paused and has shown a number: most of those never go on, so that a strategy may learn from one
/// as from a stopped trial, and not take it for pending.
inline bool shown_and_paused(const TrialView& trial) {
  return trial.record().secondary == SecondaryStatus::kPaused &&
         std::ranges::any_of(trial.objective(), [](const Point& point) { return std::isfinite(point.value); });
}

}  // namespace tune::strategies
