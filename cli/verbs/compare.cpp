#include "engine/report/compare.hpp"

#include <memory>

#include "cli/exit_codes.hpp"
#include "cli/run_with_display.hpp"
#include "cli/study_options.hpp"
#include "cli/verbs/verbs.hpp"
#include "engine/core/study_core.hpp"
#include "engine/report/proposals.hpp"

namespace tune::cli {

namespace {

struct CompareOptions {
  std::vector<std::string> places;  ///< a config, or two directories
  StudyOverrides study;
  bool resume = false;
  bool json = false;
};

int show(const Context& context, const engine::Arm& first, const engine::Arm& second, bool json) {
  std::vector<engine::LoadedStudy> studies;
  for (const engine::Arm* arm : {&first, &second}) {
    auto study = engine::load_study(arm->directory, context.registry);
    if (!study.ok()) return fail(study.status());
    studies.push_back(std::move(*study));
  }
  const auto filled = [&](engine::Arm arm, std::size_t index) {
    arm.study = &studies[index].record;
    if (arm.name.empty()) arm.name = arm.study->stopping;
    return arm;
  };
  const auto comparison = engine::compare_arms(filled(first, 0), filled(second, 1));
  if (!comparison.ok()) return fail(comparison.status());
  return write_out(json ? engine::comparison_json(*comparison) : engine::comparison_text(*comparison));
}

/// Arms that have ended are left as they are, so that an interrupted comparison goes on where it was.
bool has_ended(const Context& context, const std::string& directory) {
  const auto study = engine::load_study(directory, context.registry);
  return study.ok() && study->record.ended.has_value();
}

std::string hint(const CompareOptions& options) {
  std::vector<std::string> words{"tune", "compare", options.study.config, "--resume", "--dir", options.study.directory};
  const auto add = [&](const char* name, const std::string& value) { words.insert(words.end(), {name, value}); };
  if (options.study.seed) add("--seed", std::to_string(*options.study.seed));
  if (options.study.max_trials) add("--max-trials", std::to_string(*options.study.max_trials));
  if (options.study.max_parallel) add("--max-parallel", std::to_string(*options.study.max_parallel));
  if (!options.study.early_stopping.empty()) add("--early-stopping", options.study.early_stopping);
  return engine::shell_line(words);
}

int run_arms(const Context& context, CompareOptions& options) {
  options.study.config = options.places.front();
  auto spec = load_study_spec(context, options.study);
  if (!spec.ok()) return fail(spec.status());
  if (!spec->stopping) {
    return fail(Status::invalid("nothing to compare: " + options.study.config +
                                " has no early stopping; set early_stopping, or say --early-stopping NAME"));
  }
  const std::string rule = spec->stopping->policy.name;
  const std::string base = options.study.directory + "/";
  const std::vector<std::string> arms{"off", rule};
  for (const std::string& arm : arms) {
    // Both before the first is started: it may run for days.
    if (!options.resume && engine::holds_study(base + arm)) {
      return fail(Status::invalid(base + arm + " holds a study already; go on with the comparison by: " + hint(options)));
    }
  }
  int code = kExitOk;
  for (const std::string& arm : arms) {
    engine::RunRequest request;
    request.mode = options.resume ? engine::RunRequest::Mode::kCreateOrResume : engine::RunRequest::Mode::kCreate;
    request.directory = base + arm;
    request.spec = *spec;
    if (arm == "off") request.spec.stopping.reset();
    request.shim_path = context.shim_path();
    if (options.resume && has_ended(context, request.directory)) continue;
    if (!context.output.quiet) write_err("tune: arm " + arm + " in " + request.directory + "\n");
    const RunEnd end = run_with_display(context, request, hint(options));
    if (!end.summary.status.ok() || end.code >= kExitSignalBase) return end.code;
    code = std::max(code, end.code);
  }
  const int shown = show(context, {"off", base + "off", nullptr}, {rule, base + rule, nullptr}, options.json);
  return shown != kExitOk ? shown : code;
}

int compare(const Context& context, CompareOptions& options) {
  if (options.places.size() == 1) return run_arms(context, options);
  return show(context, {"", options.places[0], nullptr}, {"", options.places[1], nullptr}, options.json);
}

}  // namespace

void add_compare(CLI::App& app, Context& context) {
  CLI::App* verb = app.add_subcommand("compare", "the same job without and with early stopping, or two studies that were run");
  const auto options = std::make_shared<CompareOptions>();
  verb->add_option("CONFIG", options->places, "a config: both arms are run, in DIR/off and DIR/RULE; or two directories")
      ->required()
      ->expected(1, 2);
  add_overrides(*verb, context, options->study);
  verb->add_flag("--resume", options->resume, "go on with a comparison that was interrupted");
  verb->add_flag("--json", options->json, "one JSON document on stdout");
  verb->callback([&context, options] { context.action = [&context, options] { return compare(context, *options); }; });
}

}  // namespace tune::cli
