#include "engine/run/run_study.hpp"

#include "engine/clock/system_clock.hpp"
#include "engine/core/study_core.hpp"
#include "engine/run/local_run.hpp"
#include "engine/run/outputs.hpp"
#include "engine/run/run_loop.hpp"

namespace tune::engine {

namespace {

using Mode = RunRequest::Mode;

Summary failed(Status status) {
  Summary summary;
  summary.status = std::move(status);
  return summary;
}

/// The limits that the request brings: where a config comes with it, also those of the config.
LimitChanges changes_of(const RunRequest& request) {
  LimitChanges changes = request.changes;
  if (request.mode != Mode::kCreateOrResume) return changes;
  if (!changes.max_trials) changes.max_trials = request.spec.limits.max_trials;
  if (!changes.max_parallel) changes.max_parallel = request.spec.limits.max_parallel;
  if (!changes.max_runtime) changes.max_runtime = request.spec.limits.max_runtime;
  if (!changes.max_gpu_hours) changes.max_gpu_hours = request.spec.limits.max_gpu_hours;
  return changes;
}

/// The study, and what carries out its trials.
struct Opened {
  std::unique_ptr<StudyCore> core;
  LocalRun run;
};

Result<Opened> create(const RunRequest& request, const Registry& registry, SystemClock& clock) {
  StudySpec spec = request.spec;
  apply_changes(spec.limits, changes_of(request));
  Result<LocalRun> run = prepare_local_run(spec, request.shim_path, clock);
  if (!run.ok()) return run.status();
  Result<std::unique_ptr<StudyCore>> core = StudyCore::create(request.directory, spec, registry, clock);
  if (!core.ok()) return core.status();
  return Opened{*std::move(core), *std::move(run)};
}

/// The clock goes on from what is recorded.
Result<Opened> take_over(const RunRequest& request, const Registry& registry, SystemClock& clock) {
  const StudySpec* must_match = request.mode == Mode::kResume ? nullptr : &request.spec;
  Result<std::unique_ptr<StudyCore>> core = StudyCore::open(request.directory, registry, clock, must_match);
  if (!core.ok()) return core.status();
  StudySpec spec = (*core)->spec();
  if (spec.command.empty()) {
    return Status::invalid("the study in " + request.directory +
                           " has no command: whoever opened it carries out its trials; go on with it by `tune session CONFIG "
                           "--resume --dir " +
                           request.directory + "`, or by the program whose study it is");
  }
  apply_changes(spec.limits, changes_of(request));
  clock.not_before((*core)->record().owned.back().until);
  Result<LocalRun> run = prepare_local_run(spec, request.shim_path, clock);
  if (!run.ok()) return run.status();
  TUNE_RETURN_IF_ERROR((*core)->take_over(changes_of(request)));
  return Opened{*std::move(core), *std::move(run)};
}

}  // namespace

Summary run_study(const RunRequest& request, const Registry& registry, RunObserver& observer, Interrupts& interrupts,
                  std::optional<StudyRecord>* record) {
  const bool there = holds_study(request.directory);
  if (there && request.mode == Mode::kCreate) {
    return failed(
        Status::invalid(request.directory + " holds a study already; go on with it by: tune resume " + request.directory));
  }
  if (!there && request.mode == Mode::kResume) {
    return failed(Status::invalid(request.directory + " holds no study (no journal.jsonl with a record there)"));
  }
  SystemClock clock;
  Result<Opened> opened = there ? take_over(request, registry, clock) : create(request, registry, clock);
  if (!opened.ok()) return failed(opened.status());
  StudyCore& core = *opened->core;
  observer.opened(core.spec().limits);
  for (const std::string& text : core.notes()) {
    Happening note;
    note.text = text;
    observer.happened(core.record(), note);
  }
  Status status;
  if (core.record().status == StudyStatus::kInProgress) {
    Happening begun;
    begun.kind = there ? Happening::Kind::kResumed : Happening::Kind::kCreated;
    observer.happened(core.record(), begun);
    RunLoop loop(core, *opened->run.executor, clock, std::move(opened->run.options), interrupts, &observer);
    status = loop.run();
  } else if (const auto& output = core.spec().output) {
    // tune may have been killed in the middle of the last copy.
    Outputs outputs(*output, core.directory());
    outputs.catch_up(core.record());
    outputs.finish();
    for (const std::string& problem : outputs.take_problems()) {
      Happening note;
      note.text = problem;
      observer.happened(core.record(), note);
    }
  }
  Summary summary = summarize(core.record());
  if (record != nullptr) *record = std::move(core).take_record();
  summary.status = std::move(status);
  return summary;
}

}  // namespace tune::engine
