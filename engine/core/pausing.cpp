#include <algorithm>

#include "engine/core/study_core.hpp"

/// The part of a study's core that lets trials pause and go on.
namespace tune::engine {

/// Whether the trial's attempt is to end: what it still says is not judged.
bool StudyCore::is_ending(TrialId trial) const { return record().trial(trial).stop_requested || state_.detail(trial).pausing; }

void StudyCore::paused(AttemptId id, const ExitRecord& exit) {
  event::Paused paused{id, {}, {}};
  if (exit.started.time_since_epoch().count() != 0) paused.attempt_started = exit.started;
  if (exit.ended.time_since_epoch().count() != 0) paused.attempt_ended = exit.ended;
  record_event(std::move(paused));
}

bool StudyCore::all_paused() const {
  return std::ranges::all_of(record().running, [&](TrialId trial) { return is_paused(record().trial(trial)); });
}

std::optional<Plan> StudyCore::plan() const {
  const auto& running = record().running;
  const auto waits = [&](TrialId trial) { return is_paused(record().trial(trial)) && !record().trial(trial).stop_requested; };
  if (!policy_ || std::ranges::none_of(running, waits)) return std::nullopt;
  Plan plan = policy_->plan(view());
  const bool may = plan.resume && record().has_trial(*plan.resume) && waits(*plan.resume);
  return may ? std::optional(std::move(plan)) : std::nullopt;
}

void StudyCore::resume(const Plan& plan) {
  const TrialRecord& trial = record().trial(*plan.resume);
  // A crash may have come between this record and the launch.
  if (!trial.decisions.empty() && trial.decisions.back().kind == to_string(Decision::Kind::kContinue)) return;
  Decision decision = plan.decision;
  decision.kind = Decision::Kind::kContinue;
  if (decision.rule.empty()) decision.rule = policy_->name();
  const std::int64_t step = TrialView(trial, record().objective).last_step();
  record_event(event::Decided{{trial.id, state_.detail(trial.id).attempt}, step, std::move(decision)});
}

void StudyCore::end_paused() {
  const std::vector<TrialId> running = record().running;
  for (const TrialId id : running) {
    const TrialRecord& trial = record().trial(id);
    if (!is_paused(trial)) continue;
    const auto pause = std::find_if(trial.decisions.rbegin(), trial.decisions.rend(),
                                    [](const DecisionRecord& one) { return one.kind == to_string(Decision::Kind::kPause); });
    request_stop(id, pause == trial.decisions.rend() ? record().stopping : pause->rule);
    end({id, state_.detail(id).attempt}, {});
  }
}

}  // namespace tune::engine
