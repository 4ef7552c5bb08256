#include "engine/core/study_core.hpp"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "engine/config/paths.hpp"
#include "engine/config/resolve_options.hpp"
#include "engine/config/spec_json.hpp"
#include "engine/core/audit.hpp"
#include "engine/executors/host_name.hpp"
#include "engine/journal/file_io.hpp"
#include "tune/random.hpp"

namespace tune::engine {

namespace {

/// "fashion-007-9f31c2aa": SageMaker's training jobs are named alike.
std::string trial_name(const StudySpec& spec, TrialId trial) {
  RandomStream stream(spec.seed, trial, "name");
  char tail[32];
  std::snprintf(tail, sizeof tail, "-%03lld-%08x", static_cast<long long>(trial), stream());
  return spec.name + tail;
}

std::vector<std::pair<std::string, Value>> named_values(const Space& space, const Configuration& configuration) {
  std::vector<std::pair<std::string, Value>> values;
  for (std::size_t i = 0; i < space.size(); ++i) {
    if (configuration[i]) values.emplace_back(space[i].name, *configuration[i]);
  }
  return values;
}

Status check_same(const std::string& directory, const StudySpec& recorded, const StudySpec& given) {
  const std::vector<std::string> differences = spec_differences(recorded, given);
  if (differences.empty()) return {};
  std::string message = directory + " holds a study with another config; a study keeps the one it was created with:";
  for (const std::string& difference : differences) message += "\n  " + difference;
  return Status::invalid(message);
}

void drop_unchanged(LimitChanges& changes, const Limits& recorded) {
  if (changes.max_trials == recorded.max_trials) changes.max_trials.reset();
  if (changes.max_parallel == recorded.max_parallel) changes.max_parallel.reset();
  if (changes.max_runtime == recorded.max_runtime) changes.max_runtime.reset();
  if (changes.max_gpu_hours == recorded.max_gpu_hours) changes.max_gpu_hours.reset();
}

/// Whether an observation would be the metric's first at that step.
bool is_new_step(const StudyRecord& record, TrialId trial, const std::string& metric, std::int64_t step) {
  if (!record.has_trial(trial)) return false;
  const Series* series = record.trial(trial).find_series(metric);
  return series == nullptr || !std::ranges::binary_search(series->points, step, {}, &Point::step);
}

/// Observations can be read again from the logs, and where an attempt started matters only when it holds GPUs.
bool is_state_change(const event::Body& body) {
  if (const auto* started = std::get_if<event::Started>(&body)) return !started->gpus.empty();
  return !std::holds_alternative<event::Observed>(body);
}

}  // namespace

StudyCore::StudyCore(const std::string& directory, const Clock& clock) : directory_(absolute_path(directory)), clock_(clock) {}

Status StudyCore::make_parts(const StudySpec& spec, const Registry& registry) {
  const Entry<Strategy>* strategy = registry.find_strategy(spec.strategy.name);
  if (strategy == nullptr) return Status::invalid("strategy '" + spec.strategy.name + "' is not known here");
  Result<std::unique_ptr<Strategy>> made = strategy->make(spec.space, spec.strategy.options);
  if (!made.ok()) return made.status();
  strategy_ = *std::move(made);
  first_points_.emplace(spec);
  Result<HealthRules> health = HealthRules::make(spec, registry);
  if (!health.ok()) return health.status();
  health_ = *std::move(health);
  if (!spec.stopping) return {};
  Result<std::unique_ptr<StoppingPolicy>> rule = registry.make_policy(spec.space, spec.stopping->policy);
  if (!rule.ok()) return rule.status();
  policy_ = *std::move(rule);
  return {};
}

Result<std::unique_ptr<StudyCore>> StudyCore::create(const std::string& directory, const StudySpec& spec,
                                                     const Registry& registry, const Clock& clock) {
  const Status taken = Status::invalid(directory + " holds a study already; go on with it by: tune resume " + directory);
  if (holds_study(directory)) return taken;
  std::unique_ptr<StudyCore> core(new StudyCore(directory, clock));
  TUNE_RETURN_IF_ERROR(core->make_parts(spec, registry));
  const Result<Earlier> earlier = read_earlier(spec, directory);
  if (!earlier.ok()) return earlier.status();
  // Values of environment variables are passwords at times; they are in the journal and in the config.
  const Access access = spec.environment.empty() ? Access::kUmask : Access::kOwner;
  TUNE_RETURN_IF_ERROR(make_directories(directory, access));
  Result<StudyLock> lock = StudyLock::take(directory);
  if (!lock.ok()) return lock.status();
  if (holds_study(directory)) return taken;  // two processes may have passed the first look; the lock decides
  TUNE_RETURN_IF_ERROR(make_directories(directory + "/requests", access));
  TUNE_RETURN_IF_ERROR(make_directories(directory + "/trials", access));
  // For people: the journal holds the resolved one. Before there is a study, so that none goes without it.
  if (!spec.text.empty()) TUNE_RETURN_IF_ERROR(write_file_atomically(directory + "/config.yaml", spec.text, access));
  // Under another name until its beginning is complete: what a study begins with is all there or not at all.
  Result<JournalWriter> journal = JournalWriter::open(journal_path(directory) + ".new", 0, access);
  if (!journal.ok()) return journal.status();
  core->lock_ = *std::move(lock);
  core->journal_ = *std::move(journal);
  core->record_event(event::StudyCreated{spec_to_json(spec)});
  core->record_earlier(*earlier);
  TUNE_RETURN_IF_ERROR(core->commit(true));
  TUNE_RETURN_IF_ERROR(core->journal_->move_to(journal_path(directory)));
  TUNE_RETURN_IF_ERROR(sync_directory(directory));
  return core;
}

Result<std::unique_ptr<StudyCore>> StudyCore::open(const std::string& directory, const Registry& registry, const Clock& clock,
                                                   const StudySpec* must_match) {
  if (!holds_study(directory)) return Status::invalid(directory + " holds no study (no journal.jsonl with a record there)");
  Result<StudyLock> lock = StudyLock::take(directory);
  if (!lock.ok()) return lock.status();
  std::unique_ptr<StudyCore> core(new StudyCore(directory, clock));
  const Result<JournalReading> reading = read_journal(journal_path(directory), [&](const Event& event) {
    const auto* decided = std::get_if<event::Decided>(&event.body);
    core->last_decision_ = decided != nullptr ? std::optional(*decided) : std::nullopt;
    if (const auto* observed = std::get_if<event::Observed>(&event.body)) {
      core->last_judged_.reset();
      if (is_new_step(core->record(), observed->id.trial, observed->metric, observed->step)) core->last_judged_ = *observed;
    } else if (decided == nullptr || !is_warning(to_string(decided->decision.kind), decided->decision.rule)) {
      core->last_judged_.reset();
    }
    return core->state_.apply(event);
  });
  if (!reading.ok()) return reading.status();
  const Result<StudySpec> spec = resolve_recorded(core->spec(), registry);
  if (!spec.ok())
    return Status::invalid(directory + " holds a study that this tune cannot go on with: " + spec.status().message());
  if (must_match != nullptr) TUNE_RETURN_IF_ERROR(check_same(directory, *spec, *must_match));
  TUNE_RETURN_IF_ERROR(core->make_parts(*spec, registry));
  core->lock_ = *std::move(lock);
  core->reading_ = *reading;
  return core;
}

Status StudyCore::take_over(LimitChanges changes) {
  drop_unchanged(changes, spec().limits);
  Result<JournalWriter> journal = JournalWriter::open(journal_path(directory_), reading_.good_length);
  if (!journal.ok()) return journal.status();
  journal_ = *std::move(journal);
  owner_ = state_.owner() + 1;
  last_event_ = clock_.now();
  if (!record().owned.empty()) last_event_ = std::max(last_event_, record().owned.back().until);
  if (reading_.torn_bytes > 0) {
    notes_.push_back("the journal's last line was torn (" + std::to_string(reading_.torn_bytes) + " bytes after byte " +
                     std::to_string(reading_.good_length) + "); it was cut off");
  }
  if (record().status != StudyStatus::kInProgress && !changes.any()) return {};
  change_limits(changes);
  complete_chain();
  return commit(true);
}

void StudyCore::record_earlier(const Earlier& earlier) {
  const bool learns = strategy_->learns_from_earlier();
  notes_ = warm_start_notes(earlier, spec().strategy.name, learns);
  auto trial = earlier.trials.begin();
  for (std::size_t i = 0; i < earlier.studies.size(); ++i) {
    EarlierStudy study = earlier.studies[i];
    study.learned_from = learns;
    record_event(event::EarlierStudyTaken{std::move(study)});
    for (; trial != earlier.trials.end() && trial->study == static_cast<int>(i); ++trial) {
      record_event(event::EarlierTrialTaken{trial->study, trial->trial, named_values(spec().space, trial->configuration),
                                            trial->value, trial->infeasible, trial->completed, trial->last_step});
    }
  }
}

Duration StudyCore::active() const { return record().active + std::max(Duration(0), clock_.now() - last_event_); }

void StudyCore::record_event(event::Body body) {
  // Strictly increasing within an owner: the order of events can be told from their times alone.
  last_event_ = std::max(last_event_ + Duration(1), clock_.now());
  const Event event{state_.record().seq + 1, owner_, last_event_, std::move(body)};
  const Status applied = state_.apply(event);
  if (!applied.ok()) std::fprintf(stderr, "tune: %s\n", applied.message().c_str());
  TUNE_CHECK(applied.ok());
  journal_->append(event);
  must_sync_ = must_sync_ || is_state_change(event.body);
  if (listener_) notify(event);
}

Status StudyCore::commit(bool durable) {
  TUNE_RETURN_IF_ERROR(journal_->commit(durable));
  if (durable) must_sync_ = false;
  return {};
}

Proposal StudyCore::propose(std::int64_t virtual_start) {
  const StudySpec& spec = state_.spec();
  const StudyView study = view();
  if (spec.limits.max_trials && study.next_trial() > *spec.limits.max_trials) return {std::nullopt, true};
  std::optional<Configuration> configuration = first_points_->next(study);
  const std::string by(configuration ? event::kInitial : strategy_->name());
  std::optional<Outlook> outlook;
  if (!configuration) {
    Asked asked = strategy_->ask(study, 1);
    if (asked.configurations.empty()) {
      // With nothing running no event can come that would change the strategy's mind.
      return {std::nullopt, asked.exhausted || all_paused()};
    }
    TUNE_CHECK(asked.outlooks.empty() || asked.outlooks.size() == asked.configurations.size());
    configuration = std::move(asked.configurations.front());
    if (!asked.outlooks.empty()) outlook = asked.outlooks.front();
  }
  const TrialId trial = study.next_trial();
  event::Proposed proposed{
      trial, trial_name(spec, trial), named_values(spec.space, *configuration), record().seq, by, virtual_start, outlook};
  record_event(std::move(proposed));
  return {trial, false};
}

Result<TrialId> StudyCore::add(const Configuration& configuration, double value) {
  const StudySpec& spec = state_.spec();
  TUNE_RETURN_IF_ERROR(spec.space.check(configuration));
  if (!std::isfinite(value)) return Status::invalid("an added trial needs a finite value, got " + to_text(value));
  const TrialId trial = view().next_trial();
  record_event(event::Proposed{trial, trial_name(spec, trial), named_values(spec.space, configuration), record().seq,
                               std::string(event::kAdded), 0, std::nullopt});
  event::Ended ended;
  ended.id = {trial, 0};
  ended.value = value;
  end(std::move(ended));
  return trial;
}

AttemptId StudyCore::launch(TrialId trial, std::optional<std::int64_t> resumed_from_step, std::int64_t virtual_start) {
  const AttemptId id{trial, static_cast<int>(record().trial(trial).attempts.size()) + 1};
  record_event(event::Launched{id, resumed_from_step, virtual_start});
  return id;
}

void StudyCore::started(AttemptId id, const Started& where) {
  record_event(event::Started{id, where.host, where.gpus, where.slot, where.gpu_share});
}

bool StudyCore::is_protected(const TrialRecord& trial) const {
  const int protect = state_.spec().stopping->protect_best;
  if (protect <= 0) return false;
  const Objective& objective = record().objective;
  const auto own = TrialView(trial, objective).best();
  if (!own) return false;
  int better = 0;
  for (const TrialRecord& other : record().trials) {
    if (other.id == trial.id) continue;
    const auto best = TrialView(other, objective).best();
    if (best && objective.better(*best, *own) && ++better >= protect) return false;
  }
  return true;
}

bool StudyCore::too_young(const TrialRecord& trial) const {
  const auto& min_runtime = state_.spec().stopping->min_runtime;
  if (!min_runtime || trial.attempts.empty()) return false;
  Duration run{0};
  for (const AttemptRecord& attempt : trial.attempts) {
    if (attempt.started) run += attempt.ended.value_or(clock_.now()) - *attempt.started;
  }
  return run < *min_runtime;
}

std::optional<Decision> StudyCore::judge(AttemptId id, std::int64_t step, double value) const {
  const StudySpec& spec = state_.spec();
  if (!std::isfinite(value) && spec.objective.on_nan == OnNan::kStop) {
    Decision diverged;
    diverged.kind = Decision::Kind::kStop;
    diverged.rule = "diverged";
    diverged.reason = spec.objective.metric + " was " + to_text(value) + " at step " + std::to_string(step);
    diverged.numbers = {{"value", value}, {"step", static_cast<double>(step)}};
    return diverged;
  }
  if (!policy_) return std::nullopt;
  const TrialRecord& trial = record().trial(id.trial);
  if (trial.spared || too_young(trial)) return std::nullopt;
  Decision decision = policy_->judge(view(), TrialView(trial, record().objective, step));
  if (decision.rule.empty()) decision.rule = policy_->name();
  if (decision.kind != Decision::Kind::kContinue && is_protected(trial)) {
    const char* spared_from = decision.kind == Decision::Kind::kStop ? "stopped" : "paused";
    decision.kind = Decision::Kind::kContinue;
    decision.reason = "among the best " + std::to_string(spec.stopping->protect_best) + ", so not " + spared_from + " although " +
                      decision.reason;
  }
  return decision;
}

std::optional<Decision> StudyCore::observe(AttemptId id, const std::string& metric, std::int64_t step, double value,
                                           std::optional<event::LogPosition> position, bool counted) {
  const bool first_value = is_new_step(record(), id.trial, metric, step);
  record_event(event::Observed{id, metric, step, value, std::move(position), counted});
  if (!first_value || is_ending(id.trial)) return std::nullopt;
  return judge_observation(id, metric, step, value);
}

/// Of a first value at its step, of a trial whose attempt is not to end. Divergence comes before the health rules, these before
/// the policy.
std::optional<Decision> StudyCore::judge_observation(AttemptId id, const std::string& metric, std::int64_t step, double value) {
  const bool objective = metric == record().objective.metric;
  const bool diverges = objective && !std::isfinite(value) && state_.spec().objective.on_nan == OnNan::kStop;
  if (!diverges) {
    if (auto stop = decide_health(id, metric, step)) return stop;
  }
  return objective ? decide(id, step, value) : std::nullopt;
}

std::optional<Decision> StudyCore::decide_health(AttemptId id, const std::string& metric, std::int64_t step) {
  for (Decision& decision : health_.judge(record().trial(id.trial), metric, step)) {
    record_event(event::Decided{id, step, decision});
    if (decision.kind != Decision::Kind::kStop) continue;
    request_stop(id.trial, decision.rule);
    return std::move(decision);
  }
  return std::nullopt;
}

std::optional<Decision> StudyCore::decide(AttemptId id, std::int64_t step, double value) {
  std::optional<Decision> decision = judge(id, step, value);
  if (!decision) return std::nullopt;
  const bool go_on = decision->kind == Decision::Kind::kContinue;
  if (!go_on || (state_.spec().stopping && state_.spec().stopping->explain_all))
    record_event(event::Decided{id, step, *decision});
  if (go_on) return std::nullopt;
  if (decision->kind == Decision::Kind::kStop && !carry_stop(id.trial, decision->rule)) return std::nullopt;
  return decision;
}

/// After the decision to stop: the stop, or that the audit spares the trial. Whether it is the stop.
bool StudyCore::carry_stop(TrialId trial, const std::string& rule) {
  if (const auto spared = audit(spec(), trial, rule)) {
    record_event(*spared);
    return false;
  }
  request_stop(trial, rule);
  return true;
}

/// An observation, its decision and the stop belong together; a torn journal may end between them.
void StudyCore::complete_chain() {
  if (const auto& judged = last_judged_) {
    if (!is_ending(judged->id.trial)) (void)judge_observation(judged->id, judged->metric, judged->step, judged->value);
  } else if (last_decision_ && last_decision_->decision.kind == Decision::Kind::kStop) {
    carry_stop(last_decision_->id.trial, last_decision_->decision.rule);
  }
}

void StudyCore::request_stop(TrialId trial, const std::string& reason) {
  if (!record().trial(trial).stop_requested) record_event(event::StopRequested{trial, reason});
}

void StudyCore::interrupted(AttemptId id, const std::string& why, bool lost, std::optional<TimePoint> ended) {
  record_event(event::Interrupted{id, why, lost, ended});
}

void StudyCore::gpu_used(AttemptId id, const GpuUse& use) { record_event(event::GpuUsed{id, use}); }

void StudyCore::end(AttemptId id, const EndReport& report) {
  end(judge_end(record().trial(id.trial), record().objective, id, report));
}

void StudyCore::end(event::Ended ended) {
  const TrialId trial = ended.id.trial;
  record_event(std::move(ended));
  strategy_->tell(view().trial(trial));
}

void StudyCore::begin_ending(const Ending& ending) {
  if (!state_.ending()) record_event(ending);
  const std::vector<TrialId> running = record().running;
  for (const TrialId trial : running) request_stop(trial, std::string(trial_stop_reason(ending.reason)));
}

void StudyCore::end_study(const Ending& ending) { record_event(event::StudyEnded{ending.status, ending.reason, ending.numbers}); }

void StudyCore::change_limits(const LimitChanges& changes) { record_event(event::OwnerChanged{host_name(), getpid(), changes}); }

std::optional<Ending> StudyCore::completed() const { return completed_by(spec(), record(), state_.failed_in_a_row()); }

void StudyCore::notify(const Event& event) {
  using Kind = Happening::Kind;
  Happening happening;
  if (std::holds_alternative<event::StudyCreated>(event.body)) {
    happening.kind = Kind::kCreated;
  } else if (std::holds_alternative<event::OwnerChanged>(event.body)) {
    happening.kind = Kind::kResumed;
  } else if (const auto* launched = std::get_if<event::Launched>(&event.body)) {
    happening.kind = Kind::kLaunched;
    happening.trial = launched->id.trial;
  } else if (const auto* observed = std::get_if<event::Observed>(&event.body)) {
    happening = {Kind::kObserved, observed->id.trial, observed->metric, observed->step, observed->value, ""};
  } else if (const auto* decided = std::get_if<event::Decided>(&event.body)) {
    const bool warning = is_warning(to_string(decided->decision.kind), decided->decision.rule);
    happening.kind = warning ? Kind::kNote : Kind::kDecision;
    happening.trial = decided->id.trial;
    happening.step = decided->step;
    happening.text = (warning ? "warning (" + decided->decision.rule + "): " : "") + decided->decision.reason;
  } else if (const auto* spared = std::get_if<event::Spared>(&event.body)) {
    happening.trial = spared->trial;
    happening.text = "spared by the audit: it goes on, to see what stopping it would have cost";
  } else if (const auto* requested = std::get_if<event::StopRequested>(&event.body)) {
    happening.trial = requested->trial;
    happening.text = "asked to stop: " + requested->reason;
  } else if (const auto* interrupted = std::get_if<event::Interrupted>(&event.body)) {
    happening.kind = Kind::kInterrupted;
    happening.trial = interrupted->id.trial;
    happening.text = interrupted->why;
  } else if (const auto* paused = std::get_if<event::Paused>(&event.body)) {
    happening.trial = paused->id.trial;
    happening.text = "paused: its slot is free, and it goes on when the rule lets it";
  } else if (const auto* ended = std::get_if<event::Ended>(&event.body)) {
    happening.kind = Kind::kEnded;
    happening.trial = ended->id.trial;
  } else if (std::holds_alternative<event::StudyEnded>(event.body)) {
    happening.kind = Kind::kStudyEnded;
  } else {
    return;
  }
  listener_(happening);
}

}  // namespace tune::engine
