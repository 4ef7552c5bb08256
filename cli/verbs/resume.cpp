#include <memory>

#include "cli/run_with_display.hpp"
#include "cli/study_options.hpp"
#include "cli/verbs/verbs.hpp"
#include "engine/config/key_table.hpp"
#include "engine/config/section_reader.hpp"

namespace tune::cli {

namespace {

struct ResumeOptions {
  std::string directory;
  std::optional<std::int64_t> max_trials;
  std::optional<int> max_parallel;
  std::string max_runtime;
  std::optional<double> max_gpu_hours;
  bool json = false;
};

int resume(const Context& context, const ResumeOptions& options) {
  engine::RunRequest request;
  request.mode = engine::RunRequest::Mode::kResume;
  request.directory = options.directory;
  request.changes.max_trials = options.max_trials;
  request.changes.max_parallel = options.max_parallel;
  request.changes.max_gpu_hours = options.max_gpu_hours;
  if (!options.max_runtime.empty()) {
    request.changes.max_runtime = engine::read_duration(engine::plain_scalar(options.max_runtime));
    if (!request.changes.max_runtime) {
      return fail(
          Status::invalid("--max-runtime: given '" + options.max_runtime + "'; allowed: seconds > 0, or 90s, 15m, 4h, 2d"));
    }
  }
  request.shim_path = context.shim_path();
  return run_and_report(context, request, options.json);
}

}  // namespace

void add_resume(CLI::App& app, Context& context) {
  CLI::App* verb = app.add_subcommand("resume", "go on with an interrupted study");
  const auto options = std::make_shared<ResumeOptions>();
  verb->add_option("DIR", options->directory, "the study's directory")->type_name("")->required();
  add_limits(*verb, options->max_trials, options->max_parallel);
  verb->add_option("--max-runtime", options->max_runtime, "seconds, or 90s, 15m, 4h, 2d")->type_name("T");
  verb->add_option("--max-gpu-hours", options->max_gpu_hours, "GPUs times running time of all attempts")
      ->check(CLI::Range(engine::kMinGpuHours, engine::kMaxGpuHours))
      ->type_name("H");
  verb->add_flag("--json", options->json, "the report as one JSON document on stdout");
  verb->callback([&context, options] { context.action = [&context, options] { return resume(context, *options); }; });
}

}  // namespace tune::cli
