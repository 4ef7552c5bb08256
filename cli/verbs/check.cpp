#include <cerrno>
#include <cstring>
#include <fstream>
#include <memory>

#include "cli/context.hpp"
#include "cli/exit_codes.hpp"
#include "cli/verbs/verbs.hpp"
#include "engine/config/command.hpp"
#include "engine/core/warm_start.hpp"
#include "engine/report/settings_text.hpp"
#include "engine/text/printable.hpp"
#include "metrics/lint.hpp"
#include "metrics/log_check.hpp"

namespace tune::cli {

namespace {

struct CheckOptions {
  std::string config;
  std::string log;
};

std::string lint_text(const engine::StudySpec& spec) {
  std::string out;
  for (const MetricDefinition& definition : spec.metrics) {
    for (const metrics::Warning& warning : metrics::lint(definition)) {
      out += "warning: " + definition.name + ": " + warning.what + (warning.advice.empty() ? "" : "; " + warning.advice) + "\n";
    }
  }
  return out;
}

/// What the study would begin with; an error when it could not be created for that.
Result<std::string> warm_start_text(const Context& context, const engine::StudySpec& spec) {
  const auto earlier = engine::read_earlier(spec, default_directory(spec.name));
  if (!earlier.ok()) return earlier.status();
  const auto strategy = context.registry.find_strategy(spec.strategy.name)->make(spec.space, spec.strategy.options);
  if (!strategy.ok()) return strategy.status();
  std::string out;
  for (const std::string& note : engine::warm_start_notes(*earlier, spec.strategy.name, (*strategy)->learns_from_earlier()))
    out += "note: " + note + "\n";
  return out;
}

int check(const Context& context, const CheckOptions& options) {
  const auto loaded = engine::load_config(options.config, context.registry, context.config_context());
  if (!loaded.ok()) return fail(loaded.status());
  const engine::StudySpec& spec = loaded->spec;
  if (!options.log.empty()) {
    std::ifstream log(options.log, std::ios::binary);
    if (!log) return fail(Status::invalid(options.log + ": cannot be opened: " + std::strerror(errno)));
    const auto checked = metrics::check_log(spec.metrics, spec.objective.metric, log);
    if (!checked.ok()) return fail({checked.status().code(), options.log + ": " + checked.status().message()});
    const int written = write_out(engine::printable_lines(metrics::render(*checked)));
    return written != kExitOk ? written : checked->objective_found() ? kExitOk : kExitNoValue;
  }
  std::string out = engine::settings_text(spec);
  std::string remarks = lint_text(spec);
  for (const std::string& note : loaded->notes) remarks += "note: " + note + "\n";
  for (const std::string& missing : engine::missing_files(spec)) remarks += "note: command: " + missing + "\n";
  const auto warm_start = warm_start_text(context, spec);
  if (!warm_start.ok()) return fail(warm_start.status());
  remarks += *warm_start;
  if (!remarks.empty()) out += "\n" + remarks;
  out = engine::printable_lines(out);
  return write_out(out + "\nThe config is good. `tune check CONFIG --log FILE` tries its regexes on a log.\n");
}

}  // namespace

void add_check(CLI::App& app, Context& context) {
  CLI::App* verb = app.add_subcommand("check", "a config and its regexes, before anything starts");
  const auto options = std::make_shared<CheckOptions>();
  verb->add_option("CONFIG", options->config, "the study's config")->type_name("")->required();
  verb->add_option("--log", options->log, "a log of the program: what each regex reads from it")->type_name("FILE");
  verb->callback([&context, options] { context.action = [&context, options] { return check(context, *options); }; });
}

}  // namespace tune::cli
