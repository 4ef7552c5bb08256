#include <memory>

#include "cli/run_with_display.hpp"
#include "cli/study_options.hpp"
#include "cli/verbs/verbs.hpp"
#include "engine/report/proposals.hpp"

namespace tune::cli {

namespace {

struct RunOptions {
  StudyOverrides study;
  bool resume = false;
  bool dry_run = false;
  bool json = false;
};

int show_proposals(const Context& context, const engine::StudySpec& spec, const std::string& directory, bool json) {
  const auto earlier = engine::read_earlier(spec, directory);
  if (!earlier.ok()) return fail(earlier.status());
  const auto proposals = engine::first_proposals(spec, context.registry, *earlier);
  if (!proposals.ok()) return fail(proposals.status());
  return write_out(json ? engine::proposals_json(spec, *proposals) : engine::proposals_text(spec, *proposals));
}

int run(const Context& context, RunOptions& options) {
  auto spec = load_study_spec(context, options.study);
  if (!spec.ok()) return fail(spec.status());
  if (options.dry_run) return show_proposals(context, *spec, options.study.directory, options.json);
  engine::RunRequest request;
  request.mode = options.resume ? engine::RunRequest::Mode::kCreateOrResume : engine::RunRequest::Mode::kCreate;
  request.directory = options.study.directory;
  request.spec = std::move(*spec);
  request.shim_path = context.shim_path();
  return run_and_report(context, request, options.json);
}

}  // namespace

void add_run(CLI::App& app, Context& context) {
  CLI::App* verb = app.add_subcommand("run", "run a study to its end");
  const auto options = std::make_shared<RunOptions>();
  verb->add_option("CONFIG", options->study.config, "the study's config, YAML or JSON")->type_name("")->required();
  add_overrides(*verb, context, options->study);
  verb->add_flag("--resume", options->resume, "go on with the study if it is there, else create it");
  verb->add_flag("--dry-run", options->dry_run, "show three proposals with their command lines; start and write nothing");
  verb->add_flag("--json", options->json, "the report as one JSON document on stdout");
  verb->callback([&context, options] { context.action = [&context, options] { return run(context, *options); }; });
}

}  // namespace tune::cli
