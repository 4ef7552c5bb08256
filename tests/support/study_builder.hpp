#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tune/study_view.hpp"

/// Studies made by hand: the record a strategy or a policy would see, without an engine.
namespace tune::test {

/// A configuration from name and value pairs; parameters that are not named are absent.
Configuration configuration_of(const Space& space, const std::vector<std::pair<std::string, Value>>& values);

/// A trial in one piece. `curve[i]` is the objective at step i + 1.
struct TrialSketch {
  Configuration configuration = {};
  std::vector<double> curve = {};
  TrialStatus status = TrialStatus::kCompleted;  ///< kInProgress: it stays among the running ones
  std::string stop_reason = {};                  ///< "diverged" takes the value away
  std::optional<FailureClass> failure = {};      ///< kUserError when it failed and none is given
};

/// Builds a StudyRecord event by event; every event gets its own order and time (one second each).
class StudyBuilder {
 public:
  explicit StudyBuilder(Space space, Objective objective = maximize("score"), std::uint64_t seed = 1);

  /// Proposes, observes and, unless it is in progress, finishes a trial.
  TrialId add(const TrialSketch& sketch);

  TrialId propose(Configuration configuration);
  /// Steps in any order; a later value for a step replaces the earlier one.
  StudyBuilder& observe(TrialId trial, std::int64_t step, double value);
  /// The result follows `Objective::value`; none when failed, diverged, or not finite.
  StudyBuilder& finish(TrialId trial, TrialStatus status = TrialStatus::kCompleted, std::string stop_reason = "",
                       std::optional<FailureClass> failure = std::nullopt);

  [[nodiscard]] StudyRecord& record() { return record_; }
  [[nodiscard]] const StudyRecord& record() const { return record_; }
  /// Valid until the builder changes.
  [[nodiscard]] StudyView view() const { return StudyView(record_); }
  /// The trial cut at `step`, as a policy gets it.
  [[nodiscard]] TrialView cut(TrialId trial, std::int64_t step) const { return {record_.trial(trial), record_.objective, step}; }

 private:
  TrialRecord& at(TrialId trial) { return record_.trials[static_cast<std::size_t>(trial - 1)]; }
  std::int64_t next_order();
  [[nodiscard]] TimePoint now() const { return TimePoint(std::chrono::seconds(record_.seq)); }

  StudyRecord record_;
};

}  // namespace tune::test
