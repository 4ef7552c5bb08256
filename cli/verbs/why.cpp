#include "engine/report/why.hpp"

#include <memory>

#include "cli/context.hpp"
#include "cli/verbs/trial_of.hpp"
#include "cli/verbs/verbs.hpp"
#include "cli/whole_number.hpp"
#include "engine/report/format.hpp"
#include "engine/run/would_go_on.hpp"

namespace tune::cli {

namespace {

struct WhyOptions {
  std::string directory;
  TrialId trial = 0;
};

/// What would have had to differ, as a sentence; empty where nothing can be said.
std::string remark(const Objective& objective, const std::optional<engine::Difference>& difference) {
  if (!difference) return "";
  const std::string metric = engine::printable(objective.metric);
  if (!difference->value) return "No other value of " + metric + " at that step would have let it go on.";
  const bool up = difference->better == (objective.goal == Goal::kMaximize);
  const std::string value = engine::shortened(*difference->value);
  return "It would have gone on with " + metric + " " +
         (difference->itself ? value + " or " + (up ? "more" : "less") : (up ? "above " : "below ") + value) + " at that step.";
}

int why(const Context& context, const WhyOptions& options) {
  const auto study = engine::load_study(options.directory, context.registry);
  if (!study.ok()) return fail(study.status());
  if (const Status known = check_trial(*study, options.directory, options.trial); !known.ok()) return fail(known);
  const auto differences = engine::differences_to_go_on(options.directory, context.registry, options.trial);
  if (!differences.ok()) return fail(differences.status());
  std::vector<std::string> remarks;
  for (const auto& difference : *differences) remarks.push_back(remark(study->record.objective, difference));
  return write_out(engine::why_text(study->record, options.trial, remarks));
}

}  // namespace

void add_why(CLI::App& app, Context& context) {
  CLI::App* verb = app.add_subcommand("why", "why a trial was stopped, with the numbers");
  const auto options = std::make_shared<WhyOptions>();
  verb->add_option("DIR", options->directory, "the study's directory")->type_name("")->required();
  verb->add_option("TRIAL", options->trial, "the trial's number")->check(whole_number(1, kMostTrials))->type_name("")->required();
  verb->callback([&context, options] { context.action = [&context, options] { return why(context, *options); }; });
}

}  // namespace tune::cli
