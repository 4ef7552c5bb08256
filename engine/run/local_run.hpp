#pragma once

#include <memory>
#include <string>

#include "engine/config/study_spec.hpp"
#include "engine/run/run_loop.hpp"
#include "tune/executor.hpp"
#include "tune/study.hpp"

/// What a run of processes on this machine needs beside its study.
namespace tune::engine {

struct LocalRun {
  std::unique_ptr<Executor> executor;
  RunLoopOptions options;
};

/// `inner` as it is, or within the rehearsal of spot capacity that the study asks for.
std::unique_ptr<Executor> within_market(std::unique_ptr<Executor> inner, const StudySpec& spec, int slots, const Clock& clock);

/// Compiles the metric definitions, finds the GPUs and divides the cores. `shim_path` empty: `tune-shim` beside this program,
/// else in PATH. The error says what is missing; nothing was started or written.
Result<LocalRun> prepare_local_run(const StudySpec& spec, const std::string& shim_path, Clock& clock);

/// The same for a command that a library user gives; `recorded` is the study's, `pauses` whether its rule may pause trials.
Result<LocalRun> prepare_command_run(const StudySpec& recorded, const Command& command, bool pauses, int parallel, Clock& clock);

}  // namespace tune::engine
