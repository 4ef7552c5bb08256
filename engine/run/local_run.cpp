#include "engine/run/local_run.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <limits>
#include <sstream>
#include <thread>

#include "engine/config/command.hpp"
#include "engine/config/pausing.hpp"
#include "engine/executors/local_executor.hpp"
#include "engine/executors/spot_market.hpp"

namespace tune::engine {
namespace fs = std::filesystem;

namespace {

constexpr const char* kShimName = "tune-shim";

Result<std::string> find_shim(const std::string& given) {
  if (!given.empty()) return given;
  std::error_code error;
  const fs::path beside = fs::read_symlink("/proc/self/exe", error).parent_path() / kShimName;
  if (access(beside.c_str(), X_OK) == 0) return beside.string();
  std::istringstream path(std::getenv("PATH") != nullptr ? std::getenv("PATH") : "");
  for (std::string folder; std::getline(path, folder, ':');) {
    const std::string candidate = folder + "/" + kShimName;
    if (!folder.empty() && access(candidate.c_str(), X_OK) == 0) return candidate;
  }
  return Status::executor(std::string(kShimName) + ", which supervises trials, is neither beside this program nor in PATH");
}

/// How many trials fit on the GPUs.
int most_at_once(double gpus_per_trial, int gpus) {
  if (gpus_per_trial <= 0.0) return std::numeric_limits<int>::max();
  constexpr double kRounding = 1e-9;  // a third three times is one
  return gpus_per_trial < 1.0 ? gpus * static_cast<int>(1.0 / gpus_per_trial + kRounding)
                              : gpus / static_cast<int>(gpus_per_trial);
}

Status check_words(const StudySpec& spec) {
  if (spec.command.empty()) return Status::invalid("the command is empty");
  for (const CommandPart& part : spec.command) {
    for (const std::string& word : part.words) {
      const auto pieces = split_word(word);
      if (!pieces.ok()) return pieces.status();
      for (const WordPiece& piece : *pieces) {
        if (piece.placeholder && !spec.space.index_of(piece.text)) {
          return Status::invalid("command: {" + piece.text + "} in '" + word + "' is no parameter of the space");
        }
      }
    }
  }
  return {};
}

}  // namespace

std::unique_ptr<Executor> within_market(std::unique_ptr<Executor> inner, const StudySpec& spec, int slots, const Clock& clock) {
  if (!spec.market) return inner;
  const auto notice = std::chrono::duration_cast<std::chrono::milliseconds>(spec.market->notice);
  return std::make_unique<SpotMarket>(std::move(inner), clock,
                                      SpotMarketOptions{slots, spec.market->every, notice, spec.market->away, spec.market->seed});
}

Result<LocalRun> prepare_local_run(const StudySpec& spec, const std::string& shim_path, Clock& clock) {
  LocalRun run;
  for (const Channel& channel : spec.channels) {
    std::error_code error;
    if (!fs::exists(channel.path, error)) return Status::invalid("channels." + channel.name + ": there is no " + channel.path);
  }
  auto definitions = metrics::compile(spec.metrics);
  if (!definitions.ok()) return definitions.status();
  run.options.definitions = *std::move(definitions);
  Result<std::string> shim = find_shim(shim_path);
  if (!shim.ok()) return shim.status();

  LocalOptions options;
  options.shim_path = *std::move(shim);
  options.slots = spec.limits.max_parallel;
  options.gpus = {spec.resources.gpus_auto, spec.resources.gpus};
  options.outside_grace = std::chrono::duration_cast<std::chrono::milliseconds>(spec.limits.grace);
  Result<std::unique_ptr<LocalExecutor>> executor = make_local_executor(clock, options);
  if (!executor.ok()) return executor.status();

  Resources& resources = run.options.resources;
  resources.gpus = spec.resources.gpus_per_trial.value_or((*executor)->gpu_count(1.0) > 0 ? 1.0 : 0.0);
  const int gpus = (*executor)->gpu_count(resources.gpus);
  resources.processes = spec.resources.processes_per_trial;
  if (resources.gpus > gpus) {
    return Status::executor("gpus_per_trial is " + to_text(resources.gpus) + ", and there are " + std::to_string(gpus) +
                            " GPUs here");
  }
  run.options.parallel = std::min(spec.limits.max_parallel, most_at_once(resources.gpus, gpus));
  const int cores = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  resources.cpus = spec.resources.cpus_per_trial.value_or(std::max(1, cores / spec.limits.max_parallel));
  run.executor = *std::move(executor);
  run.executor = within_market(std::move(run.executor), spec, run.options.parallel, clock);
  return run;
}

Result<LocalRun> prepare_command_run(const StudySpec& recorded, const Command& command, bool pauses, int parallel, Clock& clock) {
  StudySpec spec = recorded;
  spec.limits.max_parallel = parallel;
  for (const std::string& word : command.argv) spec.command.push_back({{word}, false});
  spec.metrics = command.metrics;
  spec.environment = command.environment;
  TUNE_RETURN_IF_ERROR(check_words(spec));
  if (pauses) {
    if (const std::string why = why_no_new_attempt(spec); !why.empty())
      return Status::invalid("the rule " + spec.stopping_name() + " pauses trials, which " + why);
  }
  Result<LocalRun> run = prepare_local_run(spec, "", clock);
  if (run.ok()) run->options.launch_spec = std::move(spec);
  return run;
}

}  // namespace tune::engine
