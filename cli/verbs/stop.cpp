#include <memory>
#include <optional>

#include "cli/context.hpp"
#include "cli/exit_codes.hpp"
#include "cli/verbs/trial_of.hpp"
#include "cli/verbs/verbs.hpp"
#include "cli/whole_number.hpp"

namespace tune::cli {

namespace {

struct StopOptions {
  std::string directory;
  std::optional<TrialId> trial;
};

Status check_stoppable(const engine::LoadedStudy& study, const StopOptions& options) {
  if (options.trial) {
    TUNE_RETURN_IF_ERROR(check_trial(study, options.directory, *options.trial));
    const TrialRecord& trial = study.record.trial(*options.trial);
    if (trial.finished()) {
      return Status::invalid("trial " + std::to_string(trial.id) + " has ended already (" + std::string(to_string(trial.status)) +
                             ")");
    }
  }
  if (study.record.ended) return Status::invalid("the study in " + options.directory + " has ended already");
  if (!study.running)
    return Status::invalid("no process is running the study in " + options.directory + ": there is nothing to stop");
  return {};
}

int stop(const Context& context, const StopOptions& options) {
  const auto study = engine::load_study(options.directory, context.registry);
  if (!study.ok()) return fail(study.status());
  if (const Status stoppable = check_stoppable(*study, options); !stoppable.ok()) return fail(stoppable);
  if (const Status asked = engine::request_stop(options.directory, options.trial); !asked.ok()) return fail(asked);
  if (!context.output.quiet) {
    const std::string what = options.trial ? "trial " + std::to_string(*options.trial) : "the study";
    write_err("asked the process that runs " + options.directory + " to stop " + what + "\n");
  }
  return kExitOk;
}

}  // namespace

void add_stop(CLI::App& app, Context& context) {
  CLI::App* verb = app.add_subcommand("stop", "stop a running study, or one trial of it");
  const auto options = std::make_shared<StopOptions>();
  verb->add_option("DIR", options->directory, "the study's directory")->type_name("")->required();
  verb->add_option("TRIAL", options->trial, "the trial's number; without it the whole study")
      ->check(whole_number(1, kMostTrials))
      ->type_name("");
  verb->callback([&context, options] { context.action = [&context, options] { return stop(context, *options); }; });
}

}  // namespace tune::cli
