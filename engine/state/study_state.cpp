#include "engine/state/study_state.hpp"

#include <algorithm>

#include "engine/config/spec_json.hpp"

namespace tune::engine {

namespace {

Status impossible(const std::string& what) { return Status::storage("it cannot follow what came before: " + what); }

std::string shown(AttemptId id) { return "trial " + std::to_string(id.trial) + ", attempt " + std::to_string(id.attempt); }

Duration gpu_time(const AttemptRecord& attempt, TimePoint end) {
  if (!attempt.started) return Duration(0);
  return gpu_part(std::max(Duration(0), end - *attempt.started), attempt);
}

}  // namespace

std::int64_t virtual_clock(const TrialRecord& trial, const Objective& objective) {
  const Series* series = trial.find_series(objective.metric);
  return trial.virtual_start + (series == nullptr ? 0 : static_cast<std::int64_t>(series->points.size()));
}

bool goes_on(const TrialRecord& trial) { return !trial.attempts.empty() && trial.attempts.back().resumed_from_step.has_value(); }

std::int64_t counted_step(const TrialRecord& trial, std::string_view metric) {
  const Series* series = trial.find_series(metric);
  if (series == nullptr) return 1;
  if (trial.attempts.size() <= 1 || goes_on(trial)) return static_cast<std::int64_t>(series->points.size()) + 1;
  return std::ranges::count(series->points, trial.attempts.back().number, &Point::attempt) + 1;
}

void apply_changes(Limits& limits, const LimitChanges& changes) {
  if (changes.max_trials) limits.max_trials = changes.max_trials;
  if (changes.max_parallel) limits.max_parallel = *changes.max_parallel;
  if (changes.max_runtime) limits.max_runtime = changes.max_runtime;
  if (changes.max_gpu_hours) limits.max_gpu_hours = changes.max_gpu_hours;
}

Status StudyState::apply(const Event& event) {
  const bool first = event.seq == 1;
  if (first != std::holds_alternative<event::StudyCreated>(event.body)) {
    return impossible("study_created is the first record and no other");
  }
  if (event.owner < owner_) return impossible("its owner " + std::to_string(event.owner) + " was replaced");
  TUNE_RETURN_IF_ERROR(std::visit([&](const auto& body) { return on(event, body); }, event.body));
  // Time between two owners is nobody's.
  if (!first && event.owner == owner_) {
    record_.active += std::max(Duration(0), event.time - last_time_);
    record_.owned.back().until = std::max(record_.owned.back().until, event.time);
  }
  owner_ = event.owner;
  last_time_ = event.time;
  record_.seq = event.seq;
  return {};
}

double StudyState::gpu_seconds(TimePoint now) const {
  Duration running{0};
  for (const TrialId trial : record_.running) {
    const auto& attempts = record_.trial(trial).attempts;
    if (!attempts.empty() && !attempts.back().ended) running += gpu_time(attempts.back(), now);
  }
  return to_seconds(gpu_time_ + running);
}

/// An attempt is over.
void StudyState::close(AttemptRecord& attempt, TimePoint end) {
  attempt.ended = end;
  gpu_time_ += gpu_time(attempt, end);
}

Result<Configuration> StudyState::configuration_of(const std::vector<std::pair<std::string, Value>>& parameters) const {
  Configuration configuration(record_.space.size());
  for (const auto& [name, value] : parameters) {
    const auto index = record_.space.index_of(name);
    if (!index) return impossible("the space has no parameter '" + name + "'");
    configuration[*index] = value;
  }
  return configuration;
}

Result<TrialRecord*> StudyState::unfinished(TrialId trial) {
  if (!record_.has_trial(trial)) return impossible("there is no trial " + std::to_string(trial));
  TrialRecord& found = record_.trials[static_cast<std::size_t>(trial - 1)];
  if (found.finished()) return impossible("trial " + std::to_string(trial) + " has ended");
  return &found;
}

Result<AttemptRecord*> StudyState::newest_attempt(AttemptId id) {
  Result<TrialRecord*> trial = unfinished(id.trial);
  if (!trial.ok()) return trial.status();
  auto& attempts = (*trial)->attempts;
  if (attempts.empty() || attempts.back().number != id.attempt || attempts.back().ended) {
    return impossible(shown(id) + " is not running");
  }
  return &attempts.back();
}

Status StudyState::on(const Event& event, const event::StudyCreated& body) {
  Result<StudySpec> spec = spec_from_json(body.spec);
  if (!spec.ok()) return spec.status();
  spec_ = *std::move(spec);
  record_.name = spec_.name;
  record_.space = spec_.space;
  record_.objective = spec_.objective;
  record_.strategy = spec_.strategy.name;
  record_.stopping = spec_.stopping_name();
  record_.seed = spec_.seed;
  record_.declared_max_step = spec_.declared_max_step();
  record_.max_trials = spec_.limits.max_trials;
  record_.spot = spec_.spot || spec_.market;
  if (spec_.spot) record_.spot_price = spec_.spot->price;
  record_.created = event.time;
  record_.owned.push_back({event.time, event.time, spec_.limits.max_parallel, false});
  return {};
}

Status StudyState::on(const Event&, const event::EarlierStudyTaken& body) {
  if (!record_.trials.empty()) return impossible("the study has trials already");
  record_.earlier_studies.push_back(body.study);
  return {};
}

Status StudyState::on(const Event&, const event::EarlierTrialTaken& body) {
  const int studies = static_cast<int>(record_.earlier_studies.size());
  if (studies == 0 || body.study != studies - 1 || !record_.trials.empty()) return impossible("it is of no earlier study");
  Result<Configuration> configuration = configuration_of(body.parameters);
  if (!configuration.ok()) return configuration.status();
  record_.earlier_trials.push_back(
      {body.study, body.trial, *std::move(configuration), body.value, body.infeasible, body.completed, body.last_step});
  return {};
}

Status StudyState::on(const Event& event, const event::Proposed& body) {
  if (body.trial != static_cast<TrialId>(record_.trials.size()) + 1) {
    return impossible("trial " + std::to_string(body.trial) + " is not the next one");
  }
  Result<Configuration> configuration = configuration_of(body.parameters);
  if (!configuration.ok()) return configuration.status();
  TrialRecord trial;
  trial.id = body.trial;
  trial.name = body.name;
  trial.configuration = *std::move(configuration);
  trial.as_of = body.as_of;
  trial.virtual_start = body.virtual_start;
  trial.outlook = body.outlook;
  trial.proposed_order = event.seq;
  trial.proposed_time = event.time;
  trial.imported = body.strategy == event::kAdded;
  trial.initial = body.strategy == event::kInitial;
  record_.trials.push_back(std::move(trial));
  record_.running.push_back(body.trial);
  details_.emplace(body.trial, RunningDetail{});
  if (record_.status != StudyStatus::kInProgress) record_.status = StudyStatus::kInProgress;
  return {};
}

Status StudyState::on(const Event& event, const event::Launched& body) {
  Result<TrialRecord*> trial = unfinished(body.id.trial);
  if (!trial.ok()) return trial.status();
  auto& attempts = (*trial)->attempts;
  const int due = attempts.empty() ? 1 : attempts.back().number + 1;
  if (body.id.attempt != due || (!attempts.empty() && !attempts.back().ended)) {
    return impossible(shown(body.id) + " is not the attempt that is due");
  }
  AttemptRecord attempt;
  attempt.number = body.id.attempt;
  attempt.launched = event.time;
  attempt.resumed_from_step = body.resumed_from_step;
  if (body.virtual_start != 0) (*trial)->virtual_start = body.virtual_start;
  attempts.push_back(std::move(attempt));
  (*trial)->secondary = SecondaryStatus::kStarting;
  RunningDetail fresh;
  fresh.attempt = body.id.attempt;
  fresh.in_flight = true;
  if (goes_on(**trial)) {
    for (const Series& series : (*trial)->series) {
      const auto definition = std::ranges::find(spec_.metrics, series.metric, &MetricDefinition::name);
      if (definition != spec_.metrics.end() && definition->step) continue;
      fresh.counts[series.metric] = static_cast<std::int64_t>(series.points.size());
    }
  }
  fresh.got_further = details_[body.id.trial].got_further;
  details_[body.id.trial] = std::move(fresh);
  return {};
}

Status StudyState::on(const Event& event, const event::Started& body) {
  Result<AttemptRecord*> attempt = newest_attempt(body.id);
  if (!attempt.ok()) return attempt.status();
  if (!(*attempt)->started) (*attempt)->started = event.time;
  (*attempt)->host = body.host;
  (*attempt)->gpus = body.gpus;
  (*attempt)->slot = body.slot;
  (*attempt)->gpu_share = body.gpu_share;
  record_.trials[static_cast<std::size_t>(body.id.trial - 1)].secondary = SecondaryStatus::kTraining;
  return {};
}

Status StudyState::on(const Event& event, const event::Observed& body) {
  Result<TrialRecord*> found = unfinished(body.id.trial);
  if (!found.ok()) return found.status();
  TrialRecord& trial = **found;
  auto series = std::ranges::find(trial.series, body.metric, &Series::metric);
  if (series == trial.series.end()) series = trial.series.insert(trial.series.end(), Series{body.metric, {}});
  // A counted step says nothing: a trial that goes on from the same place each time is counted further each time.
  const bool further = !body.counted && (series->points.empty() || series->points.back().step < body.step);
  series->insert(Point{body.step, body.value, event.time, event.seq, body.id.attempt});
  if (body.metric == record_.objective.metric) trial.judged_step = body.step;

  RunningDetail& detail = details_[body.id.trial];
  if (further) detail.got_further = body.id.attempt;
  if (body.position) detail.position = body.position;
  // What needs no reading is not part of what a later reader counts on from.
  if (body.position) ++detail.counts[body.metric];
  virtual_now_ = std::max(virtual_now_, virtual_clock(trial, record_.objective));
  return {};
}

Status StudyState::on(const Event& event, const event::Decided& body) {
  Result<TrialRecord*> trial = unfinished(body.id.trial);
  if (!trial.ok()) return trial.status();
  const Decision& decision = body.decision;
  (*trial)->decisions.push_back(DecisionRecord{body.step, std::string(to_string(decision.kind)), decision.rule, decision.reason,
                                               decision.numbers, decision.references, event.time, event.seq});
  RunningDetail& detail = details_[body.id.trial];
  detail.pausing = detail.pausing || (detail.in_flight && decision.kind == Decision::Kind::kPause);
  return {};
}

Status StudyState::on(const Event&, const event::Spared& body) {
  Result<TrialRecord*> trial = unfinished(body.trial);
  if (!trial.ok()) return trial.status();
  (*trial)->spared = true;
  return {};
}

Status StudyState::on(const Event&, const event::StopRequested& body) {
  Result<TrialRecord*> trial = unfinished(body.trial);
  if (!trial.ok()) return trial.status();
  (*trial)->status = TrialStatus::kStopping;
  (*trial)->stop_requested = true;
  (*trial)->stop_reason = body.reason;
  return {};
}

Status StudyState::on(const Event& event, const event::Interrupted& body) {
  Result<AttemptRecord*> attempt = newest_attempt(body.id);
  if (!attempt.ok()) return attempt.status();
  close(**attempt, body.attempt_ended.value_or(event.time));
  (*attempt)->end_reason = body.lost ? "lost" : "interrupted";
  TrialRecord& trial = record_.trials[static_cast<std::size_t>(body.id.trial - 1)];
  trial.secondary = SecondaryStatus::kInterrupted;
  RunningDetail& detail = details_[body.id.trial];
  detail.in_flight = detail.pausing = false;
  virtual_now_ = std::max(virtual_now_, virtual_clock(trial, record_.objective));
  return {};
}

Status StudyState::on(const Event& event, const event::Paused& body) {
  Result<AttemptRecord*> attempt = newest_attempt(body.id);
  if (!attempt.ok()) return attempt.status();
  if (body.attempt_started) (*attempt)->started = body.attempt_started;
  close(**attempt, body.attempt_ended.value_or(event.time));
  (*attempt)->end_reason = "paused";
  TrialRecord& trial = record_.trials[static_cast<std::size_t>(body.id.trial - 1)];
  trial.secondary = SecondaryStatus::kPaused;
  RunningDetail& detail = details_[body.id.trial];
  detail.in_flight = detail.pausing = false;
  virtual_now_ = std::max(virtual_now_, virtual_clock(trial, record_.objective));
  return {};
}

Status StudyState::on(const Event&, const event::GpuUsed& body) {
  Result<AttemptRecord*> attempt = newest_attempt(body.id);
  if (!attempt.ok()) return attempt.status();
  (*attempt)->gpu_use = body.use;
  return {};
}

Status StudyState::on(const Event& event, const event::Ended& body) {
  Result<TrialRecord*> found = unfinished(body.id.trial);
  if (!found.ok()) return found.status();
  TrialRecord& trial = **found;
  trial.status = body.status;
  trial.secondary = body.secondary;
  trial.stop_reason = body.stop_reason;
  trial.stop_requested = false;
  trial.failure = body.failure;
  trial.failure_detail = body.detail;
  trial.last_lines = body.last_lines;
  trial.value = body.value;
  trial.ended_order = event.seq;
  trial.ended_time = event.time;
  trial.unreadable_captures = body.unreadable_captures;
  trial.cut_lines = body.cut_lines;
  if (!trial.attempts.empty() && !trial.attempts.back().ended) {
    AttemptRecord& attempt = trial.attempts.back();
    if (body.attempt_started) attempt.started = body.attempt_started;
    close(attempt, body.attempt_ended.value_or(event.time));
    attempt.end_reason = body.status == TrialStatus::kCompleted ? "completed"
                         : body.status == TrialStatus::kStopped ? "stopped"
                                                                : "failed";
    attempt.exit_code = body.exit_code;
    attempt.exit_signal = body.exit_signal;
  }
  if (!trial.imported) virtual_now_ = std::max(virtual_now_, virtual_clock(trial, record_.objective));
  for (Series& series : trial.series) series.points.shrink_to_fit();
  std::erase(record_.running, body.id.trial);
  record_.finished_order.push_back(body.id.trial);
  details_.erase(body.id.trial);
  if (body.status == TrialStatus::kFailed)
    failed_in_a_row_ += body.failure != FailureClass::kLost;
  else if (body.status != TrialStatus::kStopped || body.stop_reason != "budget")
    failed_in_a_row_ = 0;  // what max_failures itself stopped does not start the count anew: a crash may come before the end
  return {};
}

Status StudyState::on(const Event&, const event::StudyEnding& body) {
  ending_ = body;
  return {};
}

Status StudyState::on(const Event& event, const event::StudyEnded& body) {
  ending_.reset();
  record_.status = body.status;
  record_.stop_reason = body.reason;
  record_.stop_numbers = body.numbers;
  record_.ended = event.time;
  record_.owned.back().ended_it = true;
  return {};
}

Status StudyState::on(const Event& event, const event::OwnerChanged& body) {
  apply_changes(spec_.limits, body.changes);
  record_.max_trials = spec_.limits.max_trials;
  if (event.owner == owner_) record_.owned.back().until = std::max(record_.owned.back().until, event.time);
  // A clock that was set back between two owners must not make one's time overlap the other's.
  const TimePoint from = std::max(event.time, record_.owned.back().until);
  record_.owned.push_back({from, from, spec_.limits.max_parallel, false});
  if (record_.status != StudyStatus::kInProgress)
    failed_in_a_row_ = 0;  // whoever goes on after max_failures has mended something
  // With other limits the reason may be gone; whoever runs it looks again.
  if (body.changes.any()) ending_.reset();
  record_.status = StudyStatus::kInProgress;
  record_.stop_reason.clear();
  record_.stop_numbers.clear();
  record_.ended.reset();
  return {};
}

}  // namespace tune::engine
