#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tune/records.hpp"
#include "tune/status.hpp"

/// The same job with and without early stopping, side by side.
namespace tune::engine {

/// Within this share of the better arm's best objective.
inline constexpr double kWithinShare = 0.01;

struct ArmFigures {
  std::string name;  ///< `off` or the rule's name
  std::string directory;
  std::string study;
  StudyStatus status = StudyStatus::kInProgress;
  std::string early_stopping;
  double training = 0.0;  ///< seconds
  double wall = 0.0;      ///< seconds
  std::int64_t trials = 0;
  std::int64_t completed = 0;
  std::int64_t stopped = 0;
  std::int64_t failed = 0;
  std::optional<TrialId> best_trial;
  std::optional<double> best_value;
  /// Training seconds, over all trials, until an objective was observed with |value - best| <= 1 % of |best|, or better than
  /// `best`, which is the better arm's best; none when it was not.
  std::optional<double> to_within;
};

struct Comparison {
  Objective objective;
  std::vector<ArmFigures> arms;  ///< two; the first is the one compared with
};

struct Arm {
  std::string name;
  std::string directory;
  const StudyRecord* study = nullptr;
};
/// Refuses studies of different objectives.
Result<Comparison> compare_arms(const Arm& first, const Arm& second);

std::string comparison_text(const Comparison& comparison);
/// `{"schema": 1, "arms": [...], "difference": {...}}`; a difference is the second arm less the first.
std::string comparison_json(const Comparison& comparison);

/// Training seconds spent by all trials of a study up to `time`.
double training_seconds_until(const StudyRecord& study, TimePoint time);

}  // namespace tune::engine
