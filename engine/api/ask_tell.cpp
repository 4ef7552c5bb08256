#include "engine/api/ask_tell.hpp"

#include <cmath>

#include "engine/executors/host_name.hpp"
#include "engine/run/launch_plan.hpp"
#include "engine/run/run_study.hpp"

namespace tune::engine {

namespace {

/// The newest decision to pause it, as it is in its record.
Decision last_pause(const TrialRecord& trial) {
  Decision decision;
  for (const DecisionRecord& record : trial.decisions) {
    if (record.kind != "pause") continue;
    decision = {Decision::Kind::kPause, record.rule, record.reason, record.numbers, record.references};
  }
  return decision;
}

/// The decision that stopped a trial, as it is in its record.
Decision last_stop(const TrialRecord& trial) {
  Decision decision;
  decision.kind = Decision::Kind::kStop;
  decision.rule = trial.stop_reason;
  decision.reason = "the trial was asked to stop: " + trial.stop_reason;
  for (const DecisionRecord& record : trial.decisions) {
    if (record.kind == "stop" && record.rule == trial.stop_reason)
      decision = {Decision::Kind::kStop, record.rule, record.reason, record.numbers, record.references};
  }
  return decision;
}

}  // namespace

AskTell::AskTell(std::shared_ptr<const Clock> clock, std::unique_ptr<StudyCore> core, Orphans orphans)
    : clock_(std::move(clock)), core_(std::move(core)), orphans_when_(orphans) {
  for (const TrialId trial : core_->record().running) {
    if (!is_paused(core_->record().trial(trial))) orphans_.insert(trial);
  }
}

Result<std::unique_ptr<AskTell>> AskTell::open(const std::string& directory, const StudySpec& spec, const Registry& registry,
                                               OpenMode mode, Orphans orphans, std::shared_ptr<const Clock> clock) {
  const bool there = holds_study(directory);
  if (!there && mode != OpenMode::kResume) {
    auto core = StudyCore::create(directory, spec, registry, *clock);
    if (!core.ok()) return core.status();
    return std::unique_ptr<AskTell>(new AskTell(std::move(clock), *std::move(core), orphans));
  }
  if (there && mode == OpenMode::kCreate) {
    return Status::invalid(directory + " holds a study already; go on with it by: tune resume " + directory);
  }
  LimitChanges changes;
  changes.max_trials = spec.limits.max_trials;
  auto core = StudyCore::open(directory, registry, *clock, &spec);
  if (!core.ok()) return core.status();
  TUNE_RETURN_IF_ERROR((*core)->take_over(changes));
  return std::unique_ptr<AskTell>(new AskTell(std::move(clock), *std::move(core), orphans));
}

std::optional<TrialId> AskTell::take_orphan() {
  if (orphans_.empty()) return std::nullopt;
  return orphans_.extract(orphans_.begin()).value();
}

Result<AskTell::Answer> AskTell::ask(bool checkpoints) {
  const std::lock_guard lock(mutex_);
  if (core_->pauses() && !checkpoints) {
    return Status::invalid("the rule " + core_->record().stopping +
                           " pauses trials: an ask must say that they save and go on later (checkpoints)");
  }
  // A run that was killed on its way to the end had decided that no trial is to come.
  if (core_->state().ending()) end_when_over();
  if (core_->record().status != StudyStatus::kInProgress) {
    TUNE_RETURN_IF_ERROR(core_->commit(core_->must_sync()));
    return Answer{std::nullopt, true};
  }
  if (orphans_when_ == Orphans::kFirst) {
    if (const auto orphan = take_orphan()) return give(*orphan, true);
  }
  if (const auto plan = core_->plan()) {
    core_->resume(*plan);
    return give(*plan->resume, false);
  }
  const Proposal proposal = core_->propose();
  if (proposal.trial) return give(*proposal.trial, false);
  if (const auto orphan = take_orphan()) return give(*orphan, true);
  exhausted_ = proposal.exhausted;
  end_when_over();
  TUNE_RETURN_IF_ERROR(core_->commit(core_->must_sync()));
  // What is carried out now may let a paused trial go on.
  const bool may_go_on = core_->pauses() && core_->record().status == StudyStatus::kInProgress;
  return Answer{std::nullopt, proposal.exhausted && !may_go_on};
}

/// Ends the study when a criterion is met, or when no trial will come and none is running.
void AskTell::end_when_over() {
  const StudyRecord& record = core_->record();
  if (record.status != StudyStatus::kInProgress) return;
  const std::optional<Ending> begun = core_->state().ending();
  if (const auto ending = begun ? begun : core_->completed()) {
    core_->begin_ending(*ending);
    core_->end_study(*ending);
    return;
  }
  const auto& max_trials = core_->spec().limits.max_trials;
  const bool all_proposed = max_trials && core_->view().next_trial() > *max_trials;
  if (!(all_proposed || exhausted_) || !core_->all_paused() || core_->plan()) return;
  core_->end_paused();
  core_->end_study(used_up(core_->spec(), record));
}

Result<AskTell::Answer> AskTell::give(TrialId trial, bool again) {
  const std::string& directory = core_->directory();
  const TrialRecord& record = core_->record().trial(trial);
  const int earlier = static_cast<int>(record.attempts.size());
  if (again && core_->state().detail(trial).in_flight) {
    core_->interrupted({trial, earlier}, "the process that had asked for it ended", true);
  }
  const Series* series = record.find_series(core_->record().objective.metric);
  // After a pause the caller goes on by itself: it may keep what it needs elsewhere.
  const bool resumes = has_checkpoint(directory, {trial, earlier}) || is_paused(record);
  const bool has_steps = series != nullptr && !series->points.empty();
  const AttemptId id = core_->launch(trial, resumes && has_steps ? std::optional(series->points.back().step) : std::nullopt);
  core_->started(id, {host_name(), {}, -1});
  TUNE_RETURN_IF_ERROR(core_->commit(true));
  const Result<bool> prepared = prepare_directories(directory, id);
  if (!prepared.ok()) return prepared.status();
  Given given;
  given.trial = trial;
  given.configuration = record.configuration;
  given.max_step = core_->view().max_step();
  given.checkpoint_directory = attempt_directory(directory, id) + "/checkpoints";
  if (*prepared) given.resume_from = given.checkpoint_directory;
  return Answer{std::move(given), false};
}

Status AskTell::check_running(TrialId trial) const {
  const StudyRecord& record = core_->record();
  if (!record.has_trial(trial)) {
    return Status::invalid("there is no trial " + std::to_string(trial) + "; there are " + std::to_string(record.trials.size()));
  }
  const TrialRecord& found = record.trial(trial);
  if (found.finished()) {
    return Status::invalid("trial " + std::to_string(trial) + " has ended already: " + std::string(to_string(found.status)));
  }
  if (!core_->state().detail(trial).in_flight) return Status::invalid("trial " + std::to_string(trial) + " was not asked for");
  return {};
}

AttemptId AskTell::attempt_of(TrialId trial) const { return {trial, core_->state().detail(trial).attempt}; }

Result<Decision> AskTell::report(TrialId trial, std::optional<std::int64_t> step,
                                 const std::vector<std::pair<std::string, double>>& metrics) {
  const std::lock_guard lock(mutex_);
  TUNE_RETURN_IF_ERROR(check_running(trial));
  if (step && *step < 1) return Status::invalid("step must be >= 1, got " + std::to_string(*step));
  orphans_.erase(trial);
  const TrialRecord& record = core_->record().trial(trial);
  std::optional<Decision> decision;
  for (const auto& [metric, value] : metrics) {
    const std::int64_t at = step ? *step : counted_step(record, metric);
    if (auto stop = core_->observe(attempt_of(trial), metric, at, value, std::nullopt, !step)) decision = std::move(stop);
  }
  TUNE_RETURN_IF_ERROR(core_->commit(core_->must_sync()));
  if (decision) return *std::move(decision);
  if (record.stop_requested) return last_stop(record);
  return core_->state().detail(trial).pausing ? last_pause(record) : Decision{};
}

Status AskTell::tell(TrialId trial, std::optional<double> value, const Outcome& outcome) {
  const std::lock_guard lock(mutex_);
  TUNE_RETURN_IF_ERROR(check_running(trial));
  orphans_.erase(trial);
  const AttemptId id = attempt_of(trial);
  const TrialRecord& record = core_->record().trial(trial);
  const bool plain = !value && outcome.status == TrialStatus::kCompleted;
  if (plain && core_->state().detail(trial).pausing && !record.stop_requested) {
    core_->paused(id, {});
    end_when_over();
    return core_->commit(true);
  }
  event::Ended ended;
  ended.id = id;
  if (outcome.status == TrialStatus::kFailed) {
    ended.status = TrialStatus::kFailed;
    ended.failure = outcome.failure.value_or(FailureClass::kUserError);
    ended.detail = outcome.detail;
  } else if (value && !std::isfinite(*value) && core_->spec().objective.on_nan == OnNan::kStop) {
    ended.status = TrialStatus::kStopped;
    ended.stop_reason = "diverged";
    ended.detail = "told with the value " + to_text(*value);
  } else {
    if (outcome.status == TrialStatus::kStopped) core_->request_stop(trial, "user");
    ended = judge_end(record, core_->record().objective, id, {});
    if (value) {
      // Told without a report: there is a value all the same.
      if (ended.failure == FailureClass::kNoObjective) {
        ended.status = TrialStatus::kCompleted;
        ended.failure.reset();
        ended.detail.clear();
      }
      ended.value = std::isfinite(*value) ? value : std::nullopt;
    }
  }
  core_->end(std::move(ended));
  end_when_over();
  return core_->commit(true);
}

Result<TrialId> AskTell::add(const Configuration& configuration, double value) {
  const std::lock_guard lock(mutex_);
  Result<TrialId> added = core_->add(configuration, value);
  if (!added.ok()) return added;
  end_when_over();
  TUNE_RETURN_IF_ERROR(core_->commit(true));
  return added;
}

Status AskTell::limit_runtime(std::optional<std::chrono::milliseconds> max_runtime) {
  const std::lock_guard lock(mutex_);
  if (!max_runtime || core_->spec().limits.max_runtime == Duration(*max_runtime)) return {};
  LimitChanges changes;
  changes.max_runtime = *max_runtime;
  core_->change_limits(changes);
  return core_->commit(true);
}

Summary AskTell::summary() const {
  const std::lock_guard lock(mutex_);
  return summarize(core_->record());
}

StudyRecord AskTell::record() const {
  const std::lock_guard lock(mutex_);
  return core_->record();
}

bool AskTell::ended() const {
  const std::lock_guard lock(mutex_);
  return core_->record().status != StudyStatus::kInProgress;
}

}  // namespace tune::engine
