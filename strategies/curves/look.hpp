#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "tune/study_view.hpp"

/// A running trial beside the completed ones, all as they were at one step: what the curve models are fitted on.
namespace tune::strategies {

inline constexpr std::size_t kMostReferences =
    300;  ///< completed trials looked at, the latest ones: bounds the time of a judgement

/// A trial at a step, in scores: the objective's values, negated when minimising, so that more is better.
struct Glimpse {
  double level = 0.0;  ///< mean of the values of the last tenth of the steps so far (at least the last value); with `value: best`
                       ///< the best value so far. -infinity where that is no number
  double gain = 0.0;   ///< level less the level at half the step
  double result = 0.0;  ///< where it ended; of completed trials only
};

struct Look {
  std::int64_t step = 0;
  Glimpse judged = {};
  std::vector<Glimpse> rows = {};        ///< the completed ones, best result first; of equal results the better level first
  std::vector<TrialId> references = {};  ///< their numbers, ascending
};

/// `trial` at its last step beside the completed trials that got that far and have a finite result. The rows do not depend on the
/// order in which trials ended, apart from which are the latest kMostReferences.
Look look_at(const StudyView& study, const TrialView& trial);

}  // namespace tune::strategies
