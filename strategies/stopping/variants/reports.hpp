#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "tune/study_view.hpp"

/// What other systems' rules look at, in the order in which things happened. Their arithmetic is Python's: every comparison with
/// a NaN is false.
namespace tune::strategies {

/// The moment of a judgement: the order of the judged observation. REQUIRES: there is one.
std::int64_t moment_of(const TrialView& trial);
/// Some observations of a trial by step, with their totals: the trial's own where they are all, else a copy. Valid as long as the
/// view.
class Arrived {
 public:
  explicit Arrived(std::span<const Point> all) : points_(all) {}
  explicit Arrived(std::vector<Point> some) : copy_(std::move(some)), points_(copy_) {}
  Arrived(Arrived&&) = default;  // a vector that is moved keeps its place in memory
  Arrived& operator=(Arrived&&) = default;

  [[nodiscard]] auto begin() const { return points_.begin(); }
  [[nodiscard]] auto end() const { return points_.end(); }
  [[nodiscard]] std::size_t size() const { return points_.size(); }
  [[nodiscard]] bool empty() const { return points_.empty(); }
  [[nodiscard]] const Point& operator[](std::size_t i) const { return points_[i]; }
  [[nodiscard]] const Point& front() const { return points_.front(); }
  [[nodiscard]] const Point& back() const { return points_.back(); }

 private:
  std::vector<Point> copy_;
  std::span<const Point> points_;
};

/// The trial's observations that had arrived by then.
Arrived arrived(const TrialView& trial, std::int64_t moment);
/// The observation of exactly that step; null without one. REQUIRES: sorted by step.
const Point* point_at(std::span<const Point> points, std::int64_t step);
/// Every trial but `judged` that had been proposed by then, by number.
std::vector<TrialView> others(const StudyView& study, const TrialView& judged);
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
