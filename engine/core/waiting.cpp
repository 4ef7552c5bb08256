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

/// Whether the process that launched the attempt was there at its end, which for one that has none is now.
bool one_owner(const StudyRecord& study, const AttemptRecord& attempt) {
  return std::ranges::any_of(study.owned, [&](const OwnedTime& piece) {
    const bool last = &piece == &study.owned.back();
    return attempt.launched >= piece.from && (last || (attempt.ended && *attempt.ended <= piece.until));
  });
}

}  // namespace

int broken_attempts(const TrialRecord& trial, int got_further) {
  return static_cast<int>(std::ranges::count_if(trial.attempts, [&](const AttemptRecord& attempt) {
    return attempt.number >= got_further && attempt.started && attempt.end_reason == "lost";
  }));
}

std::optional<TimePoint> retry_at(const StudyRecord& study, const TrialRecord& trial, int got_further, const RetrySpec& retry) {
  if (trial.attempts.empty() || !trial.attempts.back().ended) return std::nullopt;
  const AttemptRecord& last = trial.attempts.back();
  int waits = 0;
  if (last.end_reason == "lost")
    waits = std::max(broken_attempts(trial, got_further), fruitless_attempts(study, trial, got_further));
  else if (last.end_reason == "interrupted" && one_owner(study, last) && *last.ended >= study.owned.back().from)
    waits = fruitless_attempts(study, trial, got_further) - kFruitlessAtOnce;  // whoever goes on after Ctrl-C does not wait
  if (waits <= 0) return std::nullopt;
  Duration wait = retry.backoff;
  for (int i = 1; i < waits && wait < kMaxBackoff; ++i) wait *= 2;
  return *last.ended + std::min<Duration>(wait, std::max<Duration>(kMaxBackoff, retry.backoff));
}

int fruitless_attempts(const StudyRecord& study, const TrialRecord& trial, int got_further) {
  return static_cast<int>(std::ranges::count_if(trial.attempts, [&](const AttemptRecord& attempt) {
    if (attempt.number <= got_further) return false;
    if (attempt.started) return !attempt.ended || attempt.end_reason == "interrupted";
    return (!attempt.ended || attempt.end_reason == "lost") && one_owner(study, attempt);
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
