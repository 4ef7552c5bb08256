#include "engine/report/why.hpp"

#include <memory>

#include "cli/context.hpp"
#include "cli/verbs/trial_of.hpp"
#include "cli/verbs/verbs.hpp"
#include "cli/whole_number.hpp"

namespace tune::cli {

namespace {

struct WhyOptions {
  std::string directory;
  TrialId trial = 0;
};

int why(const Context& context, const WhyOptions& options) {
  const auto study = engine::load_study(options.directory, context.registry);
  if (!study.ok()) return fail(study.status());
  if (const Status known = check_trial(*study, options.directory, options.trial); !known.ok()) return fail(known);
  return write_out(engine::why_text(study->record, options.trial));
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
