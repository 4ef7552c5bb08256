#include "engine/core/waiting.hpp"

#include <algorithm>

namespace tune::engine {

namespace {

/// The part of `from` to `to` during which a process owned the study.
Duration owned_time(const StudyRecord& study, TimePoint from, TimePoint to) {
  Duration sum{0};
  for (const OwnedTime& piece : study.owned) {
    // Whoever owns it now does so until now.
    const bool last = &piece == &study.owned.back();
    const TimePoint until = last ? std::max(piece.until, to) : piece.until;
    sum += std::max(Duration(0), std::min(until, to) - std::max(piece.from, from));
  }
  return sum;
}

}  // namespace

int broken_attempts(const TrialRecord& trial) {
  return static_cast<int>(std::ranges::count_if(
      trial.attempts, [](const AttemptRecord& attempt) { return attempt.started && attempt.end_reason == "lost"; }));
}

std::optional<TimePoint> retry_at(const TrialRecord& trial, const RetrySpec& retry) {
  const int broken = broken_attempts(trial);
  if (broken == 0 || trial.attempts.back().end_reason != "lost" || !trial.attempts.back().ended) return std::nullopt;
  Duration wait = retry.backoff;
  for (int i = 1; i < broken && wait < kMaxBackoff; ++i) wait *= 2;
  return *trial.attempts.back().ended + std::min<Duration>(wait, std::max<Duration>(kMaxBackoff, retry.backoff));
}

int fruitless_attempts(const TrialRecord& trial) {
  int newest = 0;
  for (const Series& series : trial.series) {
    for (const Point& point : series.points) newest = std::max(newest, point.attempt);
  }
  const AttemptRecord* last = trial.attempts.empty() ? nullptr : &trial.attempts.back();
  return static_cast<int>(std::ranges::count_if(trial.attempts, [&](const AttemptRecord& attempt) {
    return attempt.number > newest && attempt.started && (&attempt == last || attempt.end_reason == "interrupted");
  }));
}

Duration time_taken(const StudyRecord& study, const TrialRecord& trial, TimePoint now) {
  if (trial.attempts.empty() || !trial.attempts.front().launched) return Duration(0);
  Duration taken = owned_time(study, *trial.attempts.front().launched, now);
  for (std::size_t i = 0; i < trial.attempts.size(); ++i) {
    const AttemptRecord& attempt = trial.attempts[i];
    if (attempt.end_reason != "paused" || !attempt.ended) continue;
    const bool waits = i + 1 == trial.attempts.size();
    taken -= owned_time(study, *attempt.ended, waits ? now : trial.attempts[i + 1].launched.value_or(now));
  }
  return std::max(Duration(0), taken);
}

}  // namespace tune::engine
