#pragma once

#include <optional>

#include "engine/config/study_spec.hpp"
#include "tune/records.hpp"

/// How long trials wait between their attempts, and how often they begin anew: folds over a trial's attempts.
namespace tune::engine {

inline constexpr std::chrono::minutes kMaxBackoff{5};
/// Attempts in a row that got nowhere through no fault of the trial's: ended from outside without getting any further, or lost
/// before they began. Then the trial fails: whoever is taken away that often does not get anywhere.
inline constexpr int kMaxFruitlessAttempts = 20;
/// So many interruptions in a row without a result are followed by the next attempt at once; after more of them it waits, as
/// after a fault of the infrastructure.
inline constexpr int kFruitlessAtOnce = 3;

/// `got_further` in these: the newest attempt of the trial that did, by a step beyond all those of its metric before
/// (RunningDetail). Whoever repeats what an earlier attempt has done does not get further.

/// Attempts from that one on that began and that infrastructure broke.
int broken_attempts(const TrialRecord& trial, int got_further);

/// When a trial whose last attempt infrastructure broke, or whose attempts get nowhere, may have its next one; none: at once.
std::optional<TimePoint> retry_at(const StudyRecord& study, const TrialRecord& trial, int got_further, const RetrySpec& retry);

/// Attempts after that one that were interrupted, or lost before they began while one process owned the study:
/// one before whose start tune itself was killed says nothing about the trial, however often that happens. The last one counts
/// too while it has no end.
int fruitless_attempts(const StudyRecord& study, const TrialRecord& trial, int got_further);

/// From the trial's first launch to `now`, without its pauses and without the times when nobody owned the study: what `max_wait`
/// bounds.
Duration time_taken(const StudyRecord& study, const TrialRecord& trial, TimePoint now);

}  // namespace tune::engine
