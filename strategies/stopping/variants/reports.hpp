#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "tune/study_view.hpp"

/// What other systems' rules look at, in the order in which things happened. Their arithmetic is Python's: every comparison with
/// a NaN is false.
namespace tune::strategies {

/// The moment of a judgement: the order of the judged observation. REQUIRES: there is one.
std::int64_t moment_of(const TrialView& trial);
/// The trial's observations that had arrived by then, by step.
std::vector<Point> arrived(const TrialView& trial, std::int64_t moment);
/// Every trial but `judged` that had been proposed by then, by number.
std::vector<TrialId> others(const StudyView& study, const TrialView& judged);
bool ended_by(const TrialView& trial, std::int64_t moment);
bool completed_by(const TrialView& trial, std::int64_t moment);
bool failed_by(const TrialView& trial, std::int64_t moment);

/// Whether `a` is better than `b` as a processor compares: false with a NaN.
inline bool compares_better(Goal goal, double a, double b) { return goal == Goal::kMaximize ? a > b : a < b; }
/// Python's max (or min) of the values: the first, until one compares better. A NaN that comes first stays. REQUIRES: not empty.
double python_best(std::span<const Point> points, Goal goal);
/// sum / count of the first `count` values, summed in order. REQUIRES: 1 <= count <= size.
double average_of_first(std::span<const Point> points, std::size_t count);
/// numpy's percentile of values without a NaN, linear interpolation, in numpy's arithmetic. NaN where that is (between
/// infinities).
/// REQUIRES: not empty.
double numpy_percentile(std::vector<double> values, double percentile);
/// numpy's median: the middle one, or (a + b) / 2 of the middle two, which may overflow. REQUIRES: not empty, no NaN.
double numpy_median(std::vector<double> values);

}  // namespace tune::strategies
