#pragma once

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <optional>
#include <span>
#include <vector>

#include "tune/records.hpp"

namespace tune {

/// A trial as strategies and policies see it. Cheap to copy; valid only during the call it was given to. When a policy judges
/// an observation, the trial is cut at that observation's step: later steps are not visible.
class TrialView {
 public:
  TrialView(const TrialRecord& record, const Objective& objective, std::optional<std::int64_t> cut = std::nullopt)
      : record_(&record), objective_(&objective) {
    if (const Series* series = record.find_series(objective.metric)) {
      points_ = series->points;
      if (cut) {
        const auto end = std::ranges::upper_bound(points_, *cut, {}, &Point::step);
        points_ = points_.first(static_cast<std::size_t>(end - points_.begin()));
      }
    }
  }

  [[nodiscard]] TrialId id() const { return record_->id; }
  [[nodiscard]] TrialStatus status() const { return record_->status; }
  [[nodiscard]] const Configuration& configuration() const { return record_->configuration; }
  /// The objective's observations up to the cut, sorted by step.
  [[nodiscard]] std::span<const Point> objective() const { return points_; }
  /// Step of the last visible objective observation; 0 without one.
  [[nodiscard]] std::int64_t last_step() const { return points_.empty() ? 0 : points_.back().step; }
  /// The result of a finished trial; none if it failed or diverged.
  [[nodiscard]] std::optional<double> value() const { return record_->value; }
  [[nodiscard]] bool infeasible() const { return record_->infeasible(); }
  [[nodiscard]] const TrialRecord& record() const { return *record_; }
  /// Best visible objective value (NaN ignored); none without a number.
  [[nodiscard]] std::optional<double> best() const {
    std::optional<double> found;
    for (const Point& point : points_) {
      if (!std::isnan(point.value) && (!found || objective_->better(point.value, *found))) found = point.value;
    }
    return found;
  }

 private:
  const TrialRecord* record_;
  const Objective* objective_;
  std::span<const Point> points_;
};

/// Trials by number, as views. An own type because clang 14 and 15 cannot compile the standard library's view adaptors (g++
/// 12's).
class TrialRange {
 public:
  class Iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = TrialView;
    using difference_type = std::ptrdiff_t;
    using pointer = void;
    using reference = TrialView;

    Iterator() = default;
    Iterator(const StudyRecord& record, std::vector<TrialId>::const_iterator at) : record_(&record), at_(at) {}
    TrialView operator*() const { return {record_->trial(*at_), record_->objective}; }
    Iterator& operator++() { return ++at_, *this; }
    Iterator operator++(int) { return {*record_, at_++}; }
    bool operator==(const Iterator& other) const { return at_ == other.at_; }

   private:
    const StudyRecord* record_ = nullptr;
    std::vector<TrialId>::const_iterator at_;
  };

  TrialRange(const StudyRecord& record, const std::vector<TrialId>& ids) : record_(&record), ids_(&ids) {}
  [[nodiscard]] Iterator begin() const { return {*record_, ids_->begin()}; }
  [[nodiscard]] Iterator end() const { return {*record_, ids_->end()}; }
  [[nodiscard]] std::size_t size() const { return ids_->size(); }
  [[nodiscard]] bool empty() const { return ids_->empty(); }

 private:
  const StudyRecord* record_;
  const std::vector<TrialId>* ids_;
};

/// An immutable snapshot of a study: finished and running trials are two ranges, so that no strategy forgets pending points.
/// Cheap to copy; valid only during the call it was given to. Const use is safe from several threads.
class StudyView {
 public:
  explicit StudyView(const StudyRecord& record) : record_(&record) {}

  [[nodiscard]] const Space& space() const { return record_->space; }
  [[nodiscard]] const Objective& objective() const { return record_->objective; }
  [[nodiscard]] std::uint64_t seed() const { return record_->seed; }
  /// Sequence number of the newest event in this snapshot.
  [[nodiscard]] std::int64_t as_of() const { return record_->seq; }
  /// The number the next proposal will get: the key of its random streams.
  [[nodiscard]] TrialId next_trial() const { return static_cast<TrialId>(record_->trials.size()) + 1; }
  /// Whether max_trials are proposed: no new trial will come, only paused ones may go on.
  [[nodiscard]] bool all_proposed() const { return record_->max_trials && next_trial() > *record_->max_trials; }
  /// In the order in which they ended.
  [[nodiscard]] TrialRange finished() const { return {*record_, record_->finished_order}; }
  /// Pending, training, stopping, interrupted and paused ones, in the order of their proposal.
  [[nodiscard]] TrialRange running() const { return {*record_, record_->running}; }
  [[nodiscard]] std::size_t finished_count() const { return record_->finished_order.size(); }
  [[nodiscard]] std::size_t running_count() const { return record_->running.size(); }
  [[nodiscard]] TrialView trial(TrialId id) const { return {record_->trial(id), record_->objective}; }
  /// The trials of other studies that this one began with (`warm_start`). They are none of its own: not in any range above.
  [[nodiscard]] std::span<const EarlierTrial> earlier() const { return record_->earlier_trials; }
  [[nodiscard]] std::span<const EarlierStudy> earlier_studies() const { return record_->earlier_studies; }

  /// The maximum step: `max_step`, else `static.epochs` (or SageMaker's synonyms), else the last step of the longest completed
  /// trial; none while none of these is known.
  [[nodiscard]] std::optional<std::int64_t> max_step() const {
    if (record_->declared_max_step) return record_->declared_max_step;
    std::int64_t longest = 0;
    for (const TrialView trial : finished()) {
      if (trial.status() == TrialStatus::kCompleted) longest = std::max(longest, trial.last_step());
    }
    return longest > 0 ? std::optional(longest) : std::nullopt;
  }

 private:
  const StudyRecord* record_;
};

}  // namespace tune
