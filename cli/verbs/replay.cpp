#include <algorithm>
#include <filesystem>
#include <limits>
#include <memory>
#include <optional>

#include "cli/context.hpp"
#include "cli/verbs/verbs.hpp"
#include "cli/whole_number.hpp"
#include "engine/config/config.hpp"
#include "engine/journal/file_io.hpp"
#include "engine/replay/replay_report.hpp"
#include "engine/run/run_study.hpp"

namespace tune::cli {

namespace {

struct ReplayOptions {
  std::string place;  ///< a study's directory, or a CSV
  std::string goal;
  std::vector<std::string> rules;
  int trials = 100;
  int repeats = 1000;
  int workers = 1;
  std::uint64_t seed = 1;
  std::string on_nan;
  std::string format = "text";
  std::string svg;
};

Status read_places(const Context& context, const ReplayOptions& options, engine::Curves& curves, Objective& objective) {
  if (std::filesystem::is_directory(options.place)) {
    auto study = engine::load_study(options.place, context.registry);
    if (!study.ok()) return study.status();
    objective = study->record.objective;
    if (!options.goal.empty() && options.goal != to_string(objective.goal)) {
      return Status::invalid("--goal " + options.goal + ", but the study in " + options.place + " is to " +
                             std::string(to_string(objective.goal)) + " " + objective.metric);
    }
    curves = engine::curves_of(study->record, options.place);
    if (curves.curves.empty()) {
      return Status::invalid(options.place + " has no trial that ran to its end, so there is nothing to replay");
    }
    return {};
  }
  if (options.goal.empty()) return Status::invalid("a CSV of curves needs --goal maximize or --goal minimize");
  auto read = engine::read_curves(options.place);
  if (!read.ok()) return read.status();
  curves = std::move(*read);
  objective.metric = "value";
  objective.goal = options.goal == "maximize" ? Goal::kMaximize : Goal::kMinimize;
  return {};
}

int replay(const Context& context, const ReplayOptions& options) {
  engine::Curves curves;
  engine::ReplayReport report;
  report.settings = {.trials = options.trials, .repeats = options.repeats, .workers = options.workers, .seed = options.seed};
  if (const Status status = read_places(context, options, curves, report.settings.objective); !status.ok()) return fail(status);
  if (!options.on_nan.empty()) {
    report.settings.objective.on_nan = options.on_nan == "ignore" ? OnNan::kIgnore : OnNan::kStop;
  }
  // Every rule is read before the first is replayed.
  std::vector<std::unique_ptr<StoppingPolicy>> policies;
  for (const std::string& rule : options.rules) {
    const auto named = engine::parse_stopping(rule, context.registry, Space());
    if (!named.ok()) return fail(named.status());
    policies.emplace_back();
    if (!named->has_value()) continue;
    auto policy = context.registry.make_policy(Space(), **named);
    if (!policy.ok()) return fail(policy.status());
    policies.back() = std::move(*policy);
  }
  for (std::size_t i = 0; i < policies.size(); ++i) {
    auto row = engine::replay(curves, options.rules[i], policies[i].get(), report.settings);
    if (!row.ok()) return fail(row.status());
    report.rows.push_back(std::move(*row));
  }
  report.source = curves.source;
  report.curves = curves.curves.size();
  report.left_out = curves.left_out;
  report.study = std::filesystem::is_directory(options.place);
  report.max_step = curves.max_step;
  if (!options.svg.empty()) {
    const Status drawn = engine::write_file_atomically(options.svg, engine::svg_plot(engine::replay_plot(report)));
    if (!drawn.ok()) return fail(drawn);
  }
  return write_out(options.format == "json" ? engine::replay_json(report) : engine::replay_text(report));
}

}  // namespace

void add_replay(CLI::App& app, Context& context) {
  CLI::App* verb = app.add_subcommand("replay", "stopping rules tried on what was recorded: what each would have saved and lost");
  const auto options = std::make_shared<ReplayOptions>();
  verb->add_option("PLACE", options->place, "a study's directory, or a CSV of curves (also .gz) with columns y1 ... yR")
      ->type_name("DIR|CSV")
      ->required();
  CLI::Option* goal = verb->add_option("--goal", options->goal, "maximize or minimize; a study knows its own");
  goal->check(CLI::IsMember({"maximize", "minimize"}));
  context.choices[goal] = {"maximize", "minimize"};
  verb->add_option("--early-stopping", options->rules,
                   "a rule: NAME, NAME:key=value,key=value or off; as often as there are rules")
      ->type_name("RULE")
      ->required();
  constexpr std::uint64_t kMostInt = std::numeric_limits<int>::max();
  verb->add_option("--trials", options->trials, "curves in each order (100)")->check(whole_number(1, kMostInt))->type_name("N");
  verb->add_option("--repeats", options->repeats, "random orders (1000)")
      ->check(whole_number(1, engine::kMaxReplayRepeats))
      ->type_name("N");
  verb->add_option("--workers", options->workers, "trials at once, on a virtual clock (1)")
      ->check(whole_number(1, engine::kMaxReplayWorkers))
      ->type_name("N");
  verb->add_option("--seed", options->seed, "of the orders (1)")
      ->check(whole_number(0, std::numeric_limits<std::uint64_t>::max()))
      ->type_name("N");
  CLI::Option* on_nan = verb->add_option("--on-nan", options->on_nan, "stop (default: the trial has diverged) or ignore");
  on_nan->check(CLI::IsMember({"stop", "ignore"}));
  context.choices[on_nan] = {"stop", "ignore"};
  verb->add_option("--svg", options->svg, "a picture of saved against lost")->type_name("FILE");
  CLI::Option* format = verb->add_option("--format", options->format, "text (default) or json");
  format->check(CLI::IsMember({"text", "json"}));
  context.choices[format] = {"text", "json"};
  verb->callback([&context, options] { context.action = [&context, options] { return replay(context, *options); }; });
}

}  // namespace tune::cli
