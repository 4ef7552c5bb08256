#include "engine/run/run_loop.hpp"

#include <unistd.h>

#include <algorithm>

#include "engine/core/waiting.hpp"
#include "engine/executors/attempt_files.hpp"
#include "engine/run/launch_plan.hpp"

namespace tune::engine {

Status RunLoop::run() {
  last_sync_ = last_tick_ = clock_.now();
  interrupts_.attach(&executor_);
  if (observer_ != nullptr) {
    core_.observe_with([this](const Happening& happening) { observer_->happened(core_.record(), happening); });
  }
  if (const auto& output = core_.spec().output) outputs_ = std::make_unique<Outputs>(*output, core_.directory());
  Status status = adopt_in_flight();
  end_if_due();
  if (status.ok()) check_requests();
  while (status.ok()) {
    do {
      if (!interrupted()) fill_slots(core_.state().virtual_now());
      status = carry_out();
    } while (status.ok() && look_ahead());
    if (!status.ok()) break;
    if (live_.empty() && interrupted()) break;
    if (live_.empty() && (ending_ || nothing_to_launch())) {
      status = close_study();
      break;
    }
    for (ExecutorEvent& event : executor_.wait(consumed_all_ ? next_deadline() : clock_.now())) receive(event);
    if (deterministic())
      consume_in_virtual_order();
    else
      consume_all();
    check_interrupts();
    check_limits();
    // What was not consumed stays in the logs, for the next run to read.
    if (interrupted() && deterministic() && std::ranges::all_of(live_, [](const auto& one) { return one.second.over; })) break;
  }
  if (status.ok()) status = core_.commit(true);
  if (!status.ok() && core_.removed()) kill_all();
  if (status.ok()) copy_outputs(true);
  core_.observe_with({});
  interrupts_.attach(nullptr);
  return status;
}

TimePoint RunLoop::next_deadline() const {
  TimePoint deadline = clock_.now() + kTickInterval;
  for (const auto& [trial, live] : live_) {
    if (live.asked_to_stop || live.over) continue;
    if (live.time_limit) deadline = std::min(deadline, live.time_limit->at);
    if (const auto stalled = stalled_at(live)) deadline = std::min(deadline, *stalled);
  }
  for (const TrialId trial : waiting_trials()) {
    const auto retry = retry_time(trial);
    if (retry && *retry > clock_.now()) deadline = std::min(deadline, *retry);
  }
  return deadline;
}

// ---- starting ----

Status RunLoop::adopt_in_flight() {
  std::vector<LaunchSpec> specs;
  for (const TrialId trial : core_.record().running) {
    const RunningDetail& detail = core_.state().detail(trial);
    if (!detail.in_flight) continue;
    const AttemptId id{trial, detail.attempt};
    Live& live = make_live(id);
    live.adopted = true;
    recall(live);
    const AttemptRecord& attempt = core_.record().trial(trial).attempts.back();
    LaunchSpec spec = plan_launch(launch_spec(), core_.record(), core_.directory(), id, options_.resources, false);
    spec.gpus = attempt.gpus;
    spec.slot = attempt.slot;
    if (options_.definitions) {
      metrics::ReaderState state;
      int skip = 0;
      if (detail.position) {
        state = {detail.position->offset, detail.position->steps};
        skip = detail.position->index + 1;
      }
      live.reader.emplace(options_.definitions, state, detail.counts, skip);
      spec.log_offset = state.offset;
    }
    look_for_signs(live, spec.directory);
    specs.push_back(std::move(spec));
    // What was decided about it before may not have reached it.
    if (is_ending(trial)) stop_live(live, grace_of(core_.spec()));
  }
  return specs.empty() ? Status() : executor_.adopt(specs);
}

RunLoop::Live& RunLoop::make_live(AttemptId id) {
  Live live;
  live.id = id;
  return live_.insert_or_assign(id.trial, std::move(live)).first->second;
}

/// In a deterministic study what is proposed, and when, must not depend on when the executor has a place: a trial waits there.
bool RunLoop::has_free_slot() const {
  return static_cast<int>(live_.size()) < options_.parallel && (deterministic() || executor_.can_launch(options_.resources));
}

/// The first trial that was proposed and not launched.
std::optional<TrialId> RunLoop::next_proposed() const {
  const auto& running = core_.record().running;
  const auto found = std::ranges::find_if(
      running, [&](TrialId trial) { return !live_.contains(trial) && core_.record().trial(trial).attempts.empty(); });
  return found == running.end() ? std::nullopt : std::optional(*found);
}

/// Whether no trial waits for a slot and none will come.
bool RunLoop::nothing_to_launch() const {
  // Whether a strategy has more to propose is only known when there is a slot to propose for.
  const auto& most = core_.spec().limits.max_trials;
  const bool used_up = most && core_.view().next_trial() > *most;
  return (nothing_left_ || used_up) && waiting_trials().empty() && !next_proposed() && !core_.plan();
}

/// A free slot goes to a trial that was interrupted, else to one that the rule lets go on after a pause, else to a new one. One
/// that was about to be launched when tune was killed is launched first: that was decided.
void RunLoop::fill_slots(std::int64_t virtual_clock) {
  while (!ending_ && has_free_slot()) {
    auto waiting = next_interrupted();
    if (!waiting && free_slots_are_kept()) return;
    if (!waiting && !looks_ahead()) waiting = next_proposed();
    if (waiting) {
      launch(*waiting, virtual_clock);
      continue;
    }
    if (const auto plan = core_.plan()) {
      core_.resume(*plan);
      launch(*plan->resume, virtual_clock);
      continue;
    }
    if (const auto proposed = next_proposed()) {
      launch(*proposed, virtual_clock);
      continue;
    }
    // Whoever looks ahead proposes when the last launch has been carried out: no trial waits for the next one's proposal.
    if (nothing_left_ || looks_ahead()) return;
    const Proposal proposal = core_.propose(virtual_clock);
    if (!proposal.trial) {
      nothing_left_ = proposal.exhausted;
      return;
    }
    launch(*proposal.trial, virtual_clock);
  }
}

/// With `lookahead`: proposes the trial that the next free slot will get, unless one waits for it already. Whether there is a
/// slot for it at once.
bool RunLoop::look_ahead() {
  if (!looks_ahead() || ending_ || nothing_left_ || interrupted() || !waiting_trials().empty() || next_proposed()) return false;
  const Proposal proposal = core_.propose();
  if (!proposal.trial) nothing_left_ = proposal.exhausted;
  return proposal.trial && has_free_slot();
}

void RunLoop::launch(TrialId trial, std::int64_t virtual_clock) {
  const TrialRecord& record = core_.record().trial(trial);
  const int earlier = static_cast<int>(record.attempts.size());
  const bool resumes = has_checkpoint(core_.directory(), {trial, earlier});
  const Series* series = record.find_series(core_.record().objective.metric);
  std::optional<std::int64_t> from;
  if (resumes && series != nullptr && !series->points.empty()) from = series->points.back().step;
  const bool goes_on = is_paused(record);
  if (goes_on && !resumes) note("left no checkpoint when it was paused, so it begins anew", trial);
  std::int64_t virtual_start = 0;
  if (looks_ahead() && earlier == 0) virtual_start = virtual_clock;
  if (deterministic() && goes_on) virtual_start = virtual_clock - (clock_of(trial) - record.virtual_start);
  const AttemptId id = core_.launch(trial, from, virtual_start);
  Live& live = make_live(id);
  recall(live);
  set_time_limit(live);
  if (options_.definitions) live.reader.emplace(options_.definitions, metrics::ReaderState{}, core_.state().detail(trial).counts);
  launches_.push_back(plan_launch(launch_spec(), core_.record(), core_.directory(), id, options_.resources, resumes));
}

/// Of an attempt that is adopted: it may have been silent for long, or have spoken while nobody listened.
void RunLoop::look_for_signs(Live& live, const std::string& directory) {
  const auto log = look_at_log(directory);
  const auto& started = core_.record().trial(live.id.trial).attempts.back().started;
  if (!log || !started) return;
  live.old_output = log->size;
  if (const auto age = age_of_attempt(directory)) {
    live.begun = clock_.now() - age->running;
    live.last_sign = clock_.now() - age->silent;
  } else {
    live.last_sign = std::clamp(log->written, *started, std::max(*started, clock_.now()));
  }
}

std::optional<TimePoint> RunLoop::stalled_at(const Live& live) const {
  const auto& limit = core_.spec().limits.stalled;
  return limit && live.last_sign ? std::optional(*live.last_sign + *limit) : std::nullopt;
}

/// Makes everything decided so far durable, then acts on it.
Status RunLoop::carry_out() {
  const bool act = !launches_.empty() || !stops_.empty() || !handled_requests_.empty();
  const TimePoint now = clock_.now();
  const bool durable = act || core_.must_sync() || now - last_sync_ >= kSyncInterval;
  TUNE_RETURN_IF_ERROR(core_.commit(durable));
  if (durable) last_sync_ = now;
  // Launches first: a stop may be for one of them.
  for (const LaunchSpec& spec : std::exchange(launches_, {})) TUNE_RETURN_IF_ERROR(start(spec));
  for (const auto& [id, grace] : std::exchange(stops_, {})) executor_.stop(id, grace);
  for (const std::string& path : std::exchange(handled_requests_, {})) unlink(path.c_str());
  return {};
}

Status RunLoop::start(const LaunchSpec& spec) {
  const Result<bool> prepared = prepare_directories(core_.directory(), spec.id);
  if (!prepared.ok()) return prepared.status();
  // Scripts written for SageMaker save into these without making them.
  for (const char* made : {kModelDirectory, kOutputDirectory}) TUNE_RETURN_IF_ERROR(make_directories(spec.directory + made));
  return executor_.launch(spec);
}

// ---- receiving: what the executor says ----

void RunLoop::receive(ExecutorEvent& event) {
  const auto found = live_.find(event.id.trial);
  if (found == live_.end() || found->second.id != event.id) return;  // of a superseded attempt
  Live& live = found->second;
  if (const auto* waiting = std::get_if<Waiting>(&event.body)) {
    note("waits: " + waiting->why, event.id.trial);
  } else if (const auto* started = std::get_if<Started>(&event.body)) {
    if (!core_.record().trial(event.id.trial).attempts.back().started) core_.started(event.id, *started);
    // One that ended while nobody looked has nothing left that could take too long.
    if (!live.adopted || live.begun) set_time_limit(live);
    if (!live.last_sign) live.last_sign = clock_.now();
  } else if (const auto* output = std::get_if<Output>(&event.body)) {
    if (output->offset + output->bytes.size() > live.old_output) live.last_sign = clock_.now();
    receive_output(live, *output, false);
  } else if (const auto* sampled = std::get_if<GpuSampled>(&event.body)) {
    add_sample(live, *sampled);
  } else if (auto* reported = std::get_if<Reported>(&event.body)) {
    live.last_sign = clock_.now();
    live.items.push_back(Seen{std::move(reported->metric), reported->step, reported->value, std::nullopt});
  } else if (const auto* ended = std::get_if<Ended>(&event.body)) {
    receive_output(live, {}, true);
    live.items.push_back(ended->exit);
    live.over = true;
  } else {
    receive_output(live, {}, true);
    const auto* interrupted = std::get_if<tune::Interrupted>(&event.body);
    live.items.push_back(interrupted != nullptr ? Gone{interrupted->why, false} : Gone{std::get<Lost>(event.body).why, true});
    live.over = true;
  }
}

void RunLoop::receive_output(Live& live, const Output& output, bool last) {
  if (!live.reader) return;
  const auto sink = [&](const metrics::ParsedObservation& parsed) {
    const metrics::ReaderState& state = live.reader->line_state();
    live.items.push_back(Seen{parsed.metric, parsed.step, parsed.value,
                              event::LogPosition{state.offset, parsed.index, state.steps}, parsed.counted});
  };
  live.reader->feed(output.bytes, sink);
  if (last) live.reader->finish(sink);
}

// ---- consuming: what it means ----

void RunLoop::consume_all() {
  std::vector<TrialId> order;
  for (const auto& [trial, live] : live_) order.push_back(trial);
  for (const TrialId trial : order) {
    for (auto at = live_.find(trial); at != live_.end() && !at->second.items.empty(); at = live_.find(trial)) {
      const AttemptId id = at->second.id;
      consume(at->second);
      // A new attempt of the same trial has nothing to say yet.
      if (const auto now = live_.find(trial); now == live_.end() || now->second.id != id) break;
    }
  }
}

void RunLoop::consume(Live& live) {
  Item item = std::move(live.items.front());
  live.items.pop_front();
  if (auto* seen = std::get_if<Seen>(&item))
    consume_seen(live, std::move(*seen));
  else if (const auto* exit = std::get_if<ExitRecord>(&item))
    consume_exit(live, *exit);
  else
    consume_gone(live, std::get<Gone>(item));
}

void RunLoop::consume_seen(Live& live, Seen seen) {
  const TrialRecord& trial = core_.record().trial(live.id.trial);
  if (is_ending(trial.id) && deterministic()) return;
  if (!seen.step) {
    seen.step = counted_step(trial, seen.metric);
    seen.counted = true;
  }
  const auto decision = core_.observe(live.id, seen.metric, *seen.step, seen.value, std::move(seen.position), seen.counted);
  if (decision) stop_live(live, grace_of(core_.spec()));
}

void RunLoop::note(const std::string& text, TrialId trial) {
  if (observer_ == nullptr) return;
  Happening happening;
  happening.trial = trial;
  happening.text = text;
  observer_->happened(core_.record(), happening);
}

}  // namespace tune::engine
