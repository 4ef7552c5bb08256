#pragma once

#include <optional>

#include "engine/config/study_spec.hpp"
#include "tune/records.hpp"

/// How long trials wait between their attempts, and how often they begin anew: folds over a trial's attempts.
namespace tune::engine {

inline constexpr std::chrono::minutes kMaxBackoff{5};
/// Attempts in a row that were ended from outside without one observation more; then the trial fails. Whoever is taken away that
/// often before it says anything does not get anywhere.
inline constexpr int kMaxFruitlessAttempts = 20;

/// Attempts that infrastructure broke. One before whose start tune itself was killed says nothing about the trial, however often
/// that happens.
int broken_attempts(const TrialRecord& trial);

/// When a trial whose last attempt infrastructure broke may have its next one; none: at once.
std::optional<TimePoint> retry_at(const TrialRecord& trial, const RetrySpec& retry);

/// Attempts since the newest observation that were interrupted, and the last one, whatever it is, if it has none.
int fruitless_attempts(const TrialRecord& trial);

/// From the trial's first launch to `now`, without its pauses and without the times when nobody owned the study: what `max_wait`
/// bounds.
Duration time_taken(const StudyRecord& study, const TrialRecord& trial, TimePoint now);

}  // namespace tune::engine
