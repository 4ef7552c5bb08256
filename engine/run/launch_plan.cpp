#include "engine/run/launch_plan.hpp"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdio>
#include <filesystem>

#include "engine/config/command.hpp"
#include "engine/config/paths.hpp"
#include "engine/executors/attempt_files.hpp"
#include "engine/executors/host_name.hpp"
#include "engine/journal/file_io.hpp"
#include "tune/random.hpp"

namespace tune::engine {
namespace fs = std::filesystem;

namespace {

/// The tail of an environment variable's name: upper case, anything but letters and digits becomes '_'.
std::string variable_name(const std::string& name) {
  std::string upper;
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    upper += std::isalnum(byte) != 0 ? static_cast<char>(std::toupper(byte)) : '_';
  }
  return upper;
}

std::string checkpoint_directory(const std::string& study_directory, AttemptId id) {
  return attempt_directory(study_directory, id) + "/checkpoints";
}

using Environment = std::vector<std::pair<std::string, std::string>>;

/// The variables SageMaker's training toolkit sets, as far as they mean something here.
void add_sagemaker_variables(Environment& environment, const StudySpec& spec, const std::string& params,
                             const LaunchSpec& launch) {
  environment.emplace_back("SM_HPS", params);
  environment.emplace_back("SM_NUM_GPUS", std::to_string(static_cast<int>(std::ceil(launch.resources.gpus))));
  environment.emplace_back("SM_NUM_CPUS", std::to_string(launch.resources.cpus));
  environment.emplace_back("SM_MODEL_DIR", launch.directory + kModelDirectory);
  environment.emplace_back("SM_OUTPUT_DATA_DIR", launch.directory + kOutputDirectory);
  environment.emplace_back("SM_HOSTS", "[\"" + host_name() + "\"]");
  environment.emplace_back("SM_CURRENT_HOST", host_name());
  std::string channels;
  for (const Channel& one : spec.channels) channels += (channels.empty() ? "\"" : ",\"") + one.name + "\"";
  environment.emplace_back("SM_CHANNELS", "[" + channels + "]");
}

}  // namespace

std::string attempt_directory(const std::string& study_directory, AttemptId id) {
  char below[64];
  std::snprintf(below, sizeof below, "/trials/%04lld/%d", static_cast<long long>(id.trial), id.attempt);
  return study_directory + below;
}

bool has_checkpoint(const std::string& study_directory, AttemptId id) {
  // A crash may have come between the decision to start an attempt and the move of its predecessor's directory.
  for (; id.attempt >= 1; --id.attempt) {
    std::error_code error;
    const std::string path = checkpoint_directory(study_directory, id);
    if (fs::exists(path, error)) return !fs::is_empty(path, error) && !error;
  }
  return false;
}

LaunchSpec plan_launch(const StudySpec& spec, const StudyRecord& record, const std::string& study_directory, AttemptId id,
                       const Resources& resources, bool resumes) {
  const TrialRecord& trial = record.trial(id.trial);
  LaunchSpec launch;
  launch.id = id;
  launch.working_directory = spec.working_directory;
  const std::string resolved_directory = resolved_path(study_directory);
  launch.directory = attempt_directory(resolved_directory, id);
  launch.checkpoint_directory = checkpoint_directory(resolved_directory, id);
  launch.writable.push_back(launch.directory);
  launch.resources = resources;
  launch.configuration = trial.configuration;
  if (resumes) launch.resume_from = launch.checkpoint_directory;
  launch.argv = build_argv(spec.command, spec.space, trial.configuration, spec.static_values);

  const std::string params = params_json(spec.space, trial.configuration, spec.static_values);
  Environment& environment = launch.environment;
  environment.emplace_back("PYTHONUNBUFFERED", "1");
  environment.emplace_back("OMP_NUM_THREADS", std::to_string(std::max(1, resources.cpus / resources.processes)));
  environment.emplace_back("TUNE_STUDY", spec.name);
  environment.emplace_back("TUNE_TRIAL_ID", std::to_string(id.trial));
  environment.emplace_back("TUNE_ATTEMPT", std::to_string(id.attempt));
  environment.emplace_back("TUNE_TRIAL_DIR", launch.directory);
  environment.emplace_back("TUNE_CHECKPOINT_DIR", launch.checkpoint_directory);
  if (launch.resume_from) environment.emplace_back("TUNE_RESUME_FROM", *launch.resume_from);
  environment.emplace_back("TUNE_SEED", std::to_string(RandomStream(spec.seed, id.trial, "trial")() >> 1));
  environment.emplace_back("TUNE_PARAMS", params);
  environment.emplace_back("TUNE_METRIC", spec.objective.metric);
  if (record.declared_max_step) environment.emplace_back("TUNE_MAX_STEPS", std::to_string(*record.declared_max_step));
  const auto add_value = [&](const std::string& name, const Value& value) {
    environment.emplace_back("TUNE_PARAM_" + variable_name(name), to_text(value));
    environment.emplace_back("SM_HP_" + variable_name(name), to_text(value));
  };
  for (const auto& [name, value] : spec.static_values) add_value(name, value);
  for (std::size_t i = 0; i < spec.space.size(); ++i) {
    if (trial.configuration[i]) add_value(spec.space[i].name, *trial.configuration[i]);
  }
  for (const Channel& channel : spec.channels) {
    environment.emplace_back("TUNE_CHANNEL_" + variable_name(channel.name), channel.path);
    environment.emplace_back("SM_CHANNEL_" + variable_name(channel.name), channel.path);
    (channel.writable ? launch.writable : launch.read_only).push_back(resolved_path(channel.path));
  }
  add_sagemaker_variables(environment, spec, params, launch);
  // The user's own come last: they win.
  environment.insert(environment.end(), spec.environment.begin(), spec.environment.end());
  return launch;
}

Result<bool> prepare_directories(const std::string& study_directory, AttemptId id) {
  const std::string checkpoints = checkpoint_directory(study_directory, id);
  std::error_code error;
  // Where nothing could be removed when it ended, since the disk was read-only. Whoever has a directory came by here: those
  // before it need no look, so that this takes as long for the thousandth attempt as for the second.
  for (int earlier = id.attempt - 1; earlier >= 1; --earlier) {
    const std::string directory = attempt_directory(study_directory, {id.trial, earlier});
    if (!fs::exists(directory, error)) continue;
    remove_unfinished_files(directory);
    break;
  }
  TUNE_RETURN_IF_ERROR(make_directories(attempt_directory(study_directory, id)));
  for (int earlier = id.attempt - 1; earlier >= 1 && !fs::exists(checkpoints, error); --earlier) {
    const std::string from = checkpoint_directory(study_directory, {id.trial, earlier});
    if (!fs::exists(from, error)) continue;
    fs::rename(from, checkpoints, error);
    if (error) return Status::storage("cannot move " + from + " to " + checkpoints + ": " + error.message());
  }
  TUNE_RETURN_IF_ERROR(make_directories(checkpoints));
  return has_checkpoint(study_directory, id);
}

}  // namespace tune::engine
