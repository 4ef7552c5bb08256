#include <unistd.h>

#include "engine/run/requests.hpp"
#include "engine/run/run_loop.hpp"

/// How a run comes to its end: limits, requests, interruption, completion.
namespace tune::engine {

namespace {
constexpr double kSecondsPerHour = 3600.0;
constexpr std::chrono::seconds kKillPatience{15};
}  // namespace

std::optional<Ending> RunLoop::limit_reached() const {
  const Limits& limits = core_.spec().limits;
  if (limits.max_runtime && core_.active() >= *limits.max_runtime) {
    return Ending{StudyStatus::kCompleted,
                  "max_runtime",
                  {{"seconds", to_seconds(core_.active())}, {"limit", to_seconds(*limits.max_runtime)}}};
  }
  const double gpu_hours = limits.max_gpu_hours ? core_.state().gpu_seconds(clock_.now()) / kSecondsPerHour : 0.0;
  if (limits.max_gpu_hours && gpu_hours >= *limits.max_gpu_hours) {
    return Ending{StudyStatus::kCompleted, "max_gpu_hours", {{"gpu_hours", gpu_hours}, {"limit", *limits.max_gpu_hours}}};
  }
  return std::nullopt;
}

void RunLoop::stop_live(Live& live, std::chrono::milliseconds grace) {
  live.asked_to_stop = true;
  stops_.emplace_back(live.id, grace);
}

void RunLoop::check_limits() {
  const TimePoint now = clock_.now();
  for (auto& [trial, live] : live_) {
    const bool used_up = live.time_limit && now >= live.time_limit->at;
    const auto stalled = stalled_at(live);
    if (live.asked_to_stop || live.over || !(used_up || (stalled && now >= *stalled))) continue;
    core_.request_stop(trial, used_up ? live.time_limit->reason : "stalled");
    stop_live(live, grace_of(core_.spec()));
  }
  check_waiting(now);
  if (const auto ending = limit_reached(); ending && !ending_) begin_ending(*ending);
  if (now - last_tick_ < kTickInterval) return;
  last_tick_ = now;
  check_requests();
  if (observer_ != nullptr) observer_->tick(core_.record(), now);
}

void RunLoop::check_requests() {
  for (const Request& request : read_requests(core_.directory())) {
    if (request.problem.empty() && !request.trial) {
      // Its file stays until the study has ended: whoever takes over after a crash carries it out.
      if (!ending_) begin_ending({StudyStatus::kStopped, "user", {}});
      continue;
    }
    if (!request.problem.empty() && left_aside_.contains(request.path)) continue;
    handled_requests_.push_back(request.path);
    if (!request.problem.empty()) {
      left_aside_.insert(request.path);
      note("a request was left aside (" + request.path + "): " + request.problem);
    } else if (const auto found = live_.find(*request.trial); found != live_.end()) {
      core_.request_stop(*request.trial, "user");
      stop_live(found->second, grace_of(core_.spec()));
    } else if (core_.record().has_trial(*request.trial) && !core_.record().trial(*request.trial).finished()) {
      core_.request_stop(*request.trial, "user");  // interrupted, paused, or proposed ahead
      end_stopped();
      if (const auto ending = core_.completed(); ending && !ending_) begin_ending(*ending);
    } else {
      note("there is no running trial " + std::to_string(*request.trial) + " to stop");
    }
  }
}

void RunLoop::check_interrupts() {
  const int count = interrupts_.count();
  if (count == interrupts_seen_) return;
  interrupts_seen_ = count;
  const auto grace = count == 1 ? grace_of(core_.spec()) : std::chrono::milliseconds(0);
  for (auto& [trial, live] : live_) {
    if (!live.over) stop_live(live, grace);
  }
}

/// Ends the trials of a study that nobody can take over. Not for ever: what even SIGKILL does not end is not waited for.
void RunLoop::kill_all() {
  const TimePoint give_up = clock_.now() + kKillPatience;
  const auto over = [](const auto& one) { return one.second.over; };
  for (const auto& [trial, live] : live_) executor_.stop(live.id, std::chrono::milliseconds(0));
  while (!std::ranges::all_of(live_, over) && clock_.now() < give_up) {
    for (ExecutorEvent& event : executor_.wait(clock_.now() + kTickInterval)) receive(event);
  }
}

void RunLoop::begin_ending(const Ending& ending) {
  ending_ = ending;
  core_.begin_ending(ending);
  for (auto& [trial, live] : live_) {
    if (!live.asked_to_stop) stop_live(live, grace_of(core_.spec()));
  }
}

/// The last run may have been killed on its way to the end, or before it could begin it.
void RunLoop::end_if_due() {
  if (const auto begun = core_.state().ending())
    begin_ending(*begun);
  else if (const auto ending = core_.completed())
    begin_ending(*ending);
  else if (const auto limit = limit_reached())
    begin_ending(*limit);
  else
    end_stopped();
}

/// What was stopped while it had no attempt that runs is not started for that.
void RunLoop::end_stopped() {
  const std::vector<TrialId> running = core_.record().running;
  for (const TrialId trial : running) {
    if (!live_.contains(trial) && core_.record().trial(trial).stop_requested)
      core_.end({trial, core_.state().detail(trial).attempt}, {});
  }
}

/// Asks for copies of what trials that have ended left behind; `all`: and waits for them.
void RunLoop::copy_outputs(bool all) {
  if (!outputs_) return;
  outputs_->catch_up(core_.record());
  if (all) outputs_->finish();
  for (const std::string& problem : outputs_->take_problems()) note(problem);
}

/// Ends what is not in flight and the study itself: no trial outlives a finished study.
Status RunLoop::close_study() {
  if (!ending_) {
    ending_ = used_up(core_.spec(), core_.record());
    core_.end_paused();
  }
  const std::vector<TrialId> rest = core_.record().running;
  for (const TrialId trial : rest) {
    core_.request_stop(trial, std::string(trial_stop_reason(ending_->reason)));
    core_.end({trial, core_.state().detail(trial).attempt}, {});
  }
  core_.end_study(*ending_);
  TUNE_RETURN_IF_ERROR(core_.commit(true));
  // Requests that came too late are not for a later run.
  for (const Request& request : read_requests(core_.directory())) unlink(request.path.c_str());
  return {};
}

}  // namespace tune::engine
