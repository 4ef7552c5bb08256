#include "engine/executors/simulated_executor.hpp"

#include <algorithm>
#include <csignal>
#include <utility>

namespace tune::engine {

SimulatedExecutor::SimulatedExecutor(ManualClock& clock, int slots, Script script)
    : clock_(clock), slots_(slots), script_(std::move(script)) {}

bool SimulatedExecutor::can_launch(const Resources&) const { return slots_.free() > 0; }

Status SimulatedExecutor::launch(const LaunchSpec& spec) {
  if (slots_.free() <= 0) return Status::executor("no slot is free for trial " + std::to_string(spec.id.trial));
  return begin(spec, false);
}

Status SimulatedExecutor::adopt(std::span<const LaunchSpec> specs) {
  for (const LaunchSpec& spec : specs) {
    if (Status status = begin(spec, true); !status) return status;
  }
  return {};
}

Status SimulatedExecutor::begin(const LaunchSpec& spec, bool adopted) {
  if (by_id_.contains(spec.id)) {
    return Status::internal("trial " + std::to_string(spec.id.trial) + ", attempt " + std::to_string(spec.id.attempt) +
                            " is running already");
  }
  const std::uint64_t key = next_run_++;
  Run& run = runs_[key];
  run.trial = script_(spec);
  run.offset = spec.log_offset;
  run.slot = adopted ? slots_.acquire_at(spec.slot) : slots_.acquire();
  by_id_[spec.id] = key;
  ids_[key] = spec.id;
  const TimePoint now = clock_.now();
  if (adopted && run.trial.gone) {
    schedule(key, now, Lost{"its supervisor is gone and left no record"});
    return {};
  }
  run.started = now + run.trial.waits;
  if (run.trial.waits > Duration{0}) schedule(key, now, Waiting{"no place yet"});
  schedule(key, run.started, Started{"simulated", run.trial.gpus, run.slot});
  schedule_next(key, run.started);
  return {};
}

void SimulatedExecutor::schedule(std::uint64_t run, TimePoint time, std::optional<decltype(ExecutorEvent::body)> forced) {
  due_.push({time, next_order_++, run, std::move(forced)});
}

void SimulatedExecutor::schedule_next(std::uint64_t key, TimePoint from) {
  const Run& run = runs_.at(key);
  if (run.next < run.trial.events.size()) schedule(key, from + run.trial.events[run.next].after, std::nullopt);
}

void SimulatedExecutor::stop(AttemptId id, std::chrono::milliseconds grace) {
  const auto found = by_id_.find(id);
  if (found == by_id_.end()) return;
  Run& run = runs_.at(found->second);
  run.stop_requested = true;
  Ended ended;
  if (clock_.now() < run.started) {  // still waiting for its place: it never starts
    schedule(found->second, clock_.now(), ended);
    return;
  }
  ended.exit.killed = grace <= std::chrono::milliseconds{0} || run.trial.stop_reaction > grace;
  if (ended.exit.killed) {
    ended.exit.signal = SIGKILL;
  } else if (run.trial.stop_code) {
    ended.exit.code = run.trial.stop_code;
  } else {
    ended.exit.signal = SIGTERM;
  }
  const Duration takes = ended.exit.killed ? std::max(Duration{0}, Duration{grace}) : run.trial.stop_reaction;
  schedule(found->second, clock_.now() + takes, ended);
}

std::vector<ExecutorEvent> SimulatedExecutor::wait(TimePoint deadline) {
  std::vector<ExecutorEvent> out;
  while (out.empty()) {
    wake_.drain();
    const bool woken = wake_.take_wake();
    const TimePoint until = woken ? clock_.now() : deadline;
    if (due_.empty() && until == TimePoint::max()) {
      wake_.block(clock_, until);
      continue;
    }
    const bool event_first = !due_.empty() && due_.top().time <= until;
    clock_.set(std::max(clock_.now(), event_first ? due_.top().time : until));
    while (!due_.empty() && due_.top().time <= clock_.now()) {
      Due due = due_.top();
      due_.pop();
      happen(std::move(due), out);
    }
    // What was due may have been of attempts that ended meanwhile: then there was no event yet.
    if (!event_first) break;
  }
  return out;
}

void SimulatedExecutor::happen(Due due, std::vector<ExecutorEvent>& out) {
  const auto found = runs_.find(due.run);
  if (found == runs_.end()) return;
  Run& run = found->second;
  const AttemptId id = ids_.at(due.run);
  auto body = due.forced ? std::move(*due.forced) : std::move(run.trial.events[run.next++].body);
  if (!due.forced) schedule_next(due.run, due.time);
  if (auto* output = std::get_if<Output>(&body)) {
    output->offset = run.offset;
    run.offset += output->bytes.size();
  }
  if (auto* ended = std::get_if<Ended>(&body)) {
    ended->exit.started = std::min(run.started, due.time);
    ended->exit.ended = due.time;
    ended->exit.stop_requested = run.stop_requested;
  }
  const bool over =
      std::holds_alternative<Ended>(body) || std::holds_alternative<Interrupted>(body) || std::holds_alternative<Lost>(body);
  out.push_back({id, std::move(body)});
  if (!over) return;
  slots_.release(run.slot);
  by_id_.erase(id);
  ids_.erase(due.run);
  runs_.erase(found);
}

}  // namespace tune::engine
