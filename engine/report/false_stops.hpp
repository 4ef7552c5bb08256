#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/report/binomial.hpp"
#include "tune/end_chance.hpp"
#include "tune/records.hpp"

/// How often early stopping stopped the best trial: by the audit, and by a model of the curves (docs/early-stopping.md, "The
/// audit").
namespace tune::engine {

/// Audited trials below which no rate is said.
inline constexpr std::int64_t kFewAudited = 20;

/// Of one study, or of several added up.
struct FalseStops {
  std::int64_t spared = 0;       ///< trials that a rule would have stopped and that the audit let run on
  std::int64_t audited = 0;      ///< of those: it is known what became of them
  std::int64_t false_stops = 0;  ///< of those: stopping it would have cost the study its best
  std::int64_t stopped = 0;      ///< trials that a rule stopped
  std::int64_t predicted = 0;    ///< of those: the model says something
  double expected = 0.0;         ///< false stops among the predicted ones, by the model

  [[nodiscard]] bool too_few() const { return audited < kFewAudited; }
  FalseStops& operator+=(const FalseStops& other);
};

/// The decision that the audit did not carry out; null for a trial that was not spared.
const DecisionRecord* spared_decision(const TrialRecord& trial);

/// The best value among the trials that ran to their end, `but` left out.
std::optional<double> best_end(const StudyRecord& study, TrialId but = 0);

/// `chances`: of the trials that a rule stopped, to have ended better than `best_end`.
FalseStops count_false_stops(const StudyRecord& study, std::span<const EndChance> chances);

/// A line of a report each, in plain words; none when no rule wanted to stop a trial.
std::vector<std::string> false_stops_lines(const FalseStops& counts);

}  // namespace tune::engine
