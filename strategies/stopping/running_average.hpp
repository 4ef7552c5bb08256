#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "tune/study_view.hpp"

/// What rules that compare a trial with others' running averages are made of. Pure functions.
namespace tune::strategies {

/// Which trials a trial may be compared with.
enum class References {
  kCompleted,  ///< those that are Completed
  kReached,    ///< those that have got as far, in any state
};

/// A trial to compare with and the unweighted mean of its objective at steps <= s (sum / count, summed in step order).
struct Reference {
  TrialId id = 0;
  double average = 0.0;  ///< NaN when one of the values is
};

/// The unweighted mean of a curve's values at steps <= `step` (sum / count, summed in step order); none when it has not got that
/// far or has no value by then.
std::optional<double> average_until(std::span<const Point> points, std::int64_t step);

/// The references at step `step`, in the order of their ids, without trial `judged`: trials whose last step is >= `step` and that
/// have a value at a step <= `step`.
std::vector<Reference> references_at(const StudyView& study, References which, std::int64_t step, TrialId judged);

/// The number that is worse than any other: what a NaN counts as. -infinity when maximising, +infinity when minimising.
double worst_of(const Objective& objective);

/// The `percentile`-th percentile (0: the worst, 100: the best) of the averages by linear interpolation between neighbours,
/// position percentile * (n - 1) / 100 from the worst. NaN averages count as `worst_of`; between two different infinities lies
/// the worse one. REQUIRES: references is not empty, 0 <= percentile <= 100.
double percentile_of(std::span<const Reference> references, double percentile, const Objective& objective);

}  // namespace tune::strategies
