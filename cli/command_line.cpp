#include "cli/command_line.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <memory>

#include "cli/context.hpp"
#include "cli/exit_codes.hpp"
#include "cli/signals.hpp"
#include "cli/verbs/verbs.hpp"
#include "engine/config/diagnostics.hpp"

namespace tune::cli {

namespace {

constexpr const char* kUsage = R"(tune: tune the hyperparameters of a training program

  tune init SCRIPT                 write a commented config for your own program
  tune check CONFIG [--log FILE]   look at a config and its regexes before anything starts
  tune run CONFIG                  run a study (--dry-run: show three proposals)
  tune resume DIR                  go on with an interrupted study
  tune compare CONFIG | DIR DIR    the same job with two settings, say without and with early stopping
  tune replay DIR|CSV              stopping rules on what was recorded

  tune status DIR                  how a study stands
  tune report DIR...               the best trials, what mattered, failures, hours (--format text|json|csv)
  tune logs DIR TRIAL [-f]         what a trial printed
  tune why DIR TRIAL               why a trial was stopped, with the numbers
  tune stop DIR [TRIAL]            stop a running study, or one trial of it

  tune session CONFIG              ask, report and tell as JSON lines, for any language
  tune schema                      the JSON Schema of a config
  tune completion bash|zsh|fish    completion for your shell
  tune version

A study lives in runs/NAME unless --dir says otherwise. `tune VERB --help` has the options of a verb.

Everywhere: -q, --quiet   only errors on stderr       --no-color   no colours (also: NO_COLOR, FORCE_COLOR)
            -v            diagnostics on stderr       -h, --help

Exit codes: 0 ended with a value, 1 defect, 2 usage or config, 3 no trial gave a value, 4 study in use, 5 storage,
            6 executor, 130 and 143 interrupted (tune resume goes on)
)";

/// The program's own usage is written by hand; a verb's comes from its options.
class UsageFormatter final : public CLI::Formatter {
 public:
  std::string make_help(const CLI::App* app, std::string name, CLI::AppFormatMode mode) const override {
    return app->get_parent() == nullptr ? kUsage : CLI::Formatter::make_help(app, std::move(name), mode);
  }
};

std::vector<std::string> verb_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* verb : app.get_subcommands(nullptr)) names.push_back(verb->get_name());
  return names;
}

void collect_options(const CLI::App& app, std::vector<std::string>& names) {
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
}

std::string suggestion(std::string_view word, const std::vector<std::string>& known) {
  const std::string near = engine::nearest(word, known);
  return near.empty() ? "" : "; did you mean '" + near + "'?";
}

/// The first argument when it is no verb and no option: a message about it, else empty.
std::string unknown_verb(const CLI::App& app, const std::vector<std::string>& arguments) {
  const auto first =
      std::find_if(arguments.begin(), arguments.end(), [](const std::string& word) { return word.rfind('-', 0) != 0; });
  if (first == arguments.end()) return "";
  const std::vector<std::string> verbs = verb_names(app);
  if (std::find(verbs.begin(), verbs.end(), *first) != verbs.end()) return "";
  return "there is no verb '" + *first + "'" + suggestion(*first, verbs);
}

std::string unknown_option(const CLI::App& app, const CLI::ExtrasError& error, const std::vector<std::string>& arguments) {
  std::vector<std::string> known;
  collect_options(app, known);
  std::string where = "tune --help";
  for (const CLI::App* verb : app.get_subcommands()) {
    collect_options(*verb, known);
    where = "tune " + verb->get_name() + " --help";
  }
  for (const std::string& word : arguments) {
    if (word.rfind("--", 0) != 0 || word == "--") continue;
    const std::string name = word.substr(0, word.find('='));
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      const std::string near = suggestion(name, known);
      return "there is no option '" + name + "'" + (near.empty() ? "; " + where + " lists them" : near);
    }
  }
  return std::string(error.what()) + "; " + where + " shows what is";
}

Status parse(CLI::App& app, const std::vector<std::string>& arguments) {
  if (std::string message = unknown_verb(app, arguments); !message.empty()) return Status::invalid(std::move(message));
  std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());  // CLI11 takes them from the end
  try {
    app.parse(reversed);
  } catch (const CLI::CallForHelp&) {
    throw;
  } catch (const CLI::ExtrasError& error) {
    return Status::invalid(unknown_option(app, error, arguments));
  } catch (const CLI::ParseError& error) {
    std::string where = "tune";
    for (const CLI::App* verb : app.get_subcommands()) where += " " + verb->get_name();
    return Status::invalid(std::string(error.what()) + "; " + where + " --help shows how it is used");
  }
  return {};
}

void set_up_diagnostics(int verbosity) {
  auto logger = std::make_shared<spdlog::logger>("tune", std::make_shared<spdlog::sinks::stderr_sink_mt>());
  logger->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %l: %v", spdlog::pattern_time_type::utc);
  logger->set_level(verbosity >= 2 ? spdlog::level::debug : verbosity == 1 ? spdlog::level::info : spdlog::level::warn);
  spdlog::set_default_logger(std::move(logger));
}

std::string directory_of_program() {
  std::error_code error;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", error);
  return error ? "." : program.parent_path().string();
}

void add_verbs(CLI::App& app, Context& context) {
  add_init(app, context);
  add_check(app, context);
  add_run(app, context);
  add_resume(app, context);
  add_compare(app, context);
  add_replay(app, context);
  add_status(app, context);
  add_report(app, context);
  add_logs(app, context);
  add_why(app, context);
  add_stop(app, context);
  add_session(app, context);
  add_schema(app, context);
  add_completion(app, context);
  add_version(app, context);
}

}  // namespace

int main_with(const std::vector<std::string>& arguments, Registry registry) {
  survive_failed_writes();
  Context context;
  context.registry = std::move(registry);
  context.program_directory = directory_of_program();
  std::error_code error;
  context.working_directory = std::filesystem::current_path(error).string();
  if (error) return fail(Status::storage("the current directory cannot be read: " + error.message()));

  CLI::App app("tune the hyperparameters of a training program", "tune");
  app.formatter(std::make_shared<UsageFormatter>());
  app.fallthrough();
  app.option_defaults()->always_capture_default(false);
  app.add_flag("-q,--quiet", context.output.quiet, "only errors on stderr");
  app.add_flag("--no-color", context.output.no_color, "no colours");
  app.add_flag("-v,--verbose", context.output.verbosity, "diagnostics on stderr; twice: more");
  add_verbs(app, context);

  try {
    if (arguments.empty()) {
      write_err(kUsage);
      return kExitUsage;
    }
    if (const Status parsed = parse(app, arguments); !parsed.ok()) return fail(parsed);
  } catch (const CLI::CallForHelp&) {
    return write_out(app.help());
  }
  set_up_diagnostics(context.output.verbosity);
  if (!context.action) return fail(Status::invalid("a verb is missing; tune --help lists them"));
  return context.action();
}

}  // namespace tune::cli
