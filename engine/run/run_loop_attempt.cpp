#include <algorithm>

#include "engine/config/pausing.hpp"
#include "engine/core/failure.hpp"
#include "engine/core/waiting.hpp"
#include "engine/executors/attempt_files.hpp"
#include "engine/executors/attempt_layout.hpp"
#include "engine/executors/ranks.hpp"
#include "engine/run/launch_plan.hpp"
#include "engine/run/run_loop.hpp"

/// How an attempt ends, whether its trial goes on with another one, and when.
namespace tune::engine {

namespace {

/// Running time of the attempts that are over.
Duration time_used(const TrialRecord& trial) {
  Duration used{0};
  for (const AttemptRecord& attempt : trial.attempts) {
    if (attempt.started && attempt.ended) used += *attempt.ended - *attempt.started;
  }
  return used;
}

}  // namespace

// ---- limits ----

/// When the attempt's trial will have used up what it may take; the earlier of the two limits.
void RunLoop::set_time_limit(Live& live) {
  const TrialRecord& trial = core_.record().trial(live.id.trial);
  const auto& runtime = core_.spec().limits.trial_runtime;
  const auto& started = live.begun ? live.begun : trial.attempts.back().started;
  live.time_limit.reset();
  if (runtime && started) live.time_limit = TimeLimit{*started + *runtime - time_used(trial), "time_limit"};
  if (const auto at = wait_limit(trial); at && (!live.time_limit || *at < live.time_limit->at))
    live.time_limit = TimeLimit{*at, "max_wait"};
}

/// When the trial will have taken as long as `spot.max_wait` allows.
std::optional<TimePoint> RunLoop::wait_limit(const TrialRecord& trial) const {
  const auto& spot = core_.spec().spot;
  if (!spot || !spot->max_wait || trial.attempts.empty()) return std::nullopt;
  const TimePoint now = clock_.now();
  return now + *spot->max_wait - time_taken(core_.record(), trial, now);
}

/// Stops the trials whose next attempt has been waited for too long.
void RunLoop::check_waiting(TimePoint now) {
  bool any = false;
  for (const TrialId trial : waiting_trials()) {
    const auto limit = wait_limit(core_.record().trial(trial));
    if (!limit || now < *limit) continue;
    core_.request_stop(trial, "max_wait");
    any = true;
  }
  if (!any) return;
  end_stopped();
  if (const auto ending = core_.completed(); ending && !ending_) begin_ending(*ending);
}

// ---- waiting for the next attempt ----

/// Trials whose last attempt was interrupted or broken and that are to have another one.
std::vector<TrialId> RunLoop::waiting_trials() const {
  std::vector<TrialId> waiting;
  for (const TrialId id : core_.record().running) {
    const TrialRecord& trial = core_.record().trial(id);
    if (!live_.contains(id) && trial.secondary == SecondaryStatus::kInterrupted && !trial.stop_requested) waiting.push_back(id);
  }
  return waiting;
}

/// When one of them may have its next attempt; none: at once.
std::optional<TimePoint> RunLoop::retry_time(TrialId trial) const {
  return retry_at(core_.record(), core_.record().trial(trial), core_.state().detail(trial).got_further, core_.spec().retry);
}

/// The first of them whose time has come.
std::optional<TrialId> RunLoop::next_interrupted() const {
  const TimePoint now = clock_.now();
  for (const TrialId trial : waiting_trials()) {
    const auto at = retry_time(trial);
    if (!at || *at <= now) return trial;
  }
  return std::nullopt;
}

/// Trials that keep their slots while they wait: in a deterministic study, whose order must not depend on how long that takes.
/// None when more wait than there are slots, as after a resume with fewer.
std::vector<TrialId> RunLoop::kept_slots() const {
  if (!deterministic()) return {};
  std::vector<TrialId> waiting = waiting_trials();
  return live_.size() + waiting.size() <= static_cast<std::size_t>(options_.parallel) ? waiting : std::vector<TrialId>();
}

/// Whether all slots that are free are kept for trials that wait.
bool RunLoop::free_slots_are_kept() const {
  return live_.size() + kept_slots().size() >= static_cast<std::size_t>(options_.parallel);
}

// ---- the end of an attempt ----

void RunLoop::add_sample(Live& live, const GpuSampled& sample) {
  GpuUse& use = live.gpu_use;
  ++use.samples;
  const auto count = static_cast<double>(use.samples);
  use.utilization += (sample.utilization - use.utilization) / count;
  use.watts += (sample.watts - use.watts) / count;
  use.memory_bytes = std::max(use.memory_bytes, sample.memory_bytes);
  if (observer_ != nullptr) observer_->sampled(live.id, sample);
}

EndReport RunLoop::report_of(const Live& live, const ExitRecord& exit) const {
  EndReport report;
  report.exit = exit;
  report.last_lines = exit.last_lines;
  if (live.reader) {
    const auto& lines = live.reader->last_lines();
    if (report.last_lines.empty()) report.last_lines.assign(lines.begin(), lines.end());
    report.unreadable_captures = live.reader->counters().unreadable_captures + live.reader->counters().bad_reports;
    report.cut_lines = live.reader->counters().cut_lines;
  }
  return report;
}

/// When the attempt ended, where that may have been long ago: nobody looked.
std::optional<TimePoint> RunLoop::end_of(const Live& live, const ExitRecord& exit) const {
  if (exit.ended.time_since_epoch().count() != 0) return exit.ended;
  if (!live.adopted) return std::nullopt;
  const auto& started = core_.record().trial(live.id.trial).attempts.back().started;
  const auto log = look_at_log(attempt_directory(core_.directory(), live.id));
  if (!started || !log) return started;
  return std::clamp(log->written, *started, std::max(*started, clock_.now()));
}

/// The trial fails after too many attempts that were not its fault, or goes on with another one.
void RunLoop::again_or_fail(const Live& live, const EndReport& report, const std::string& why, Cause cause) {
  const TrialRecord& trial = core_.record().trial(live.id.trial);
  const bool began = trial.attempts.back().started.has_value();
  const bool lost = cause == Cause::kBroken;
  const bool broken = lost && began;
  const int most = broken ? core_.spec().retry.max_attempts : kMaxFruitlessAttempts;
  const int got_further = core_.state().detail(trial.id).got_further;
  const int so_far = broken ? broken_attempts(trial, got_further) + 1 : fruitless_attempts(core_.record(), trial, got_further);
  // Its steps would be counted on from the wrong one.
  const bool cannot = broken && !trial.series.empty() && !why_no_new_attempt(launch_spec()).empty();
  if (so_far < most && !cannot) {
    core_.interrupted(live.id, why, lost, end_of(live, report.exit));
    return;
  }
  event::Ended ended;
  ended.id = live.id;
  ended.status = TrialStatus::kFailed;
  ended.failure = cause == Cause::kSignalled ? FailureClass::kSignal : FailureClass::kLost;
  if (cannot) {
    ended.detail = "broken by the infrastructure, and it cannot go on, for its steps are counted (no `step` pattern): " + why;
  } else {
    ended.detail = std::to_string(so_far) +
                   (broken ? " attempts were broken by the infrastructure; the last one: "
                    : lost ? " attempts in a row were lost before they began; the last one: "
                           : " attempts in a row were ended from outside without getting further; the last one: ") +
                   why;
  }
  ended.last_lines = report.last_lines;
  ended.exit_code = report.exit.code;
  ended.exit_signal = report.exit.signal;
  ended.attempt_ended = end_of(live, report.exit);
  core_.end(std::move(ended));
}

/// What of the infrastructure broke it, if anything did.
std::optional<std::string> RunLoop::broken_by(const Live& live, const EndReport& report) const {
  std::optional<std::string> broken = broken_infrastructure(report.exit, report.last_lines);
  if (!broken) return std::nullopt;
  const std::string directory = rank_directory(attempt_directory(core_.directory(), live.id), report.exit.rank);
  return broken_infrastructure(report.exit, report.last_lines, last_lines_of(directory + "/" + kLogFile, kLongTailLines));
}

void RunLoop::consume_exit(Live& live, const ExitRecord& exit) {
  const AttemptId id = live.id;
  const EndReport report = report_of(live, exit);
  const bool goes_on = !is_ending(id.trial);
  record_gpu_use(live);
  if (!goes_on && !core_.record().trial(id.trial).stop_requested && !ran_to_its_end(id.trial, exit)) {
    core_.paused(id, exit);
  } else if (goes_on && exit.stop_requested) {
    // Asked to stop by Ctrl-C, in this run or the one before: the trial goes on later.
    core_.interrupted(id, "tune was interrupted", false, end_of(live, exit));
  } else if (const auto broken = broken_by(live, report); goes_on && broken) {
    again_or_fail(live, report, *broken, Cause::kBroken);
  } else if (goes_on && core_.spec().spot && ended_from_outside(exit)) {
    again_or_fail(live, report, failure_text(exit) + ", which tune did not send", Cause::kSignalled);
  } else {
    core_.end(id, report);
  }
  forget(live);
}

void RunLoop::consume_gone(Live& live, const Gone& gone) {
  const AttemptId id = live.id;
  record_gpu_use(live);
  if (core_.record().trial(id.trial).stop_requested) {
    core_.end(id, report_of(live, {}));
  } else if (is_ending(id.trial)) {
    core_.paused(id, {});
  } else {
    again_or_fail(live, report_of(live, {}), gone.why, gone.lost ? Cause::kBroken : Cause::kTaken);
  }
  forget(live);
}

void RunLoop::record_gpu_use(const Live& live) {
  if (live.gpu_use.samples > 0) core_.gpu_used(live.id, live.gpu_use);
}

/// The attempt is over: its slot is free.
void RunLoop::forget(Live& live) {
  const TrialId trial = live.id.trial;
  const std::int64_t clock = clock_of(trial);
  live_.erase(trial);
  copy_outputs(false);
  if (const auto ending = core_.completed(); ending && !ending_) begin_ending(*ending);
  if (!interrupted()) fill_slots(clock);
}

}  // namespace tune::engine
