#include <algorithm>
#include <deque>
#include <filesystem>
#include <memory>

#include "cli/exit_codes.hpp"
#include "cli/run_with_display.hpp"
#include "cli/study_options.hpp"
#include "cli/verbs/compare_simulated.hpp"
#include "cli/verbs/verbs.hpp"
#include "cli/whole_number.hpp"
#include "engine/config/spec_json.hpp"
#include "engine/core/study_core.hpp"
#include "engine/journal/file_io.hpp"
#include "engine/replay/curves.hpp"
#include "engine/report/compare_report.hpp"
#include "engine/report/proposals.hpp"

namespace tune::cli {

namespace {

constexpr int kMostSeeds = 1000;

struct CompareOptions {
  std::vector<std::string> places;  ///< a config, two configs, or two directories
  StudyOverrides study;
  std::vector<std::string> first;   ///< settings of the first arm
  std::vector<std::string> second;  ///< of the second
  int seeds = 1;
  std::string svg;
  std::string simulate;  ///< a CSV of curves
  std::string goal;      ///< of those
  bool resume = false;
  bool json = false;
};

/// A setting to be run, once for each seed.
struct ArmPlan {
  std::string name;    ///< in the table
  std::string folder;  ///< below the comparison's directory
  engine::StudySpec spec;
};

struct Places {
  std::string first;
  std::string second;
};

int show(const engine::Comparison& comparison, const CompareOptions& options) {
  if (!options.svg.empty()) {
    const Status drawn = engine::write_file_atomically(options.svg, engine::svg_plot(engine::comparison_plot(comparison)));
    if (!drawn.ok()) return fail(drawn);
  }
  return write_out(options.json ? engine::comparison_json(comparison) : engine::comparison_text(comparison));
}

int show(const Context& context, const std::vector<Places>& places, const std::string& first_name, const std::string& second_name,
         const CompareOptions& options) {
  std::deque<engine::LoadedStudy> studies;
  std::vector<engine::ArmPair> pairs;
  for (const Places& place : places) {
    std::vector<engine::Arm> arms;
    for (const auto& [directory, name] : {std::pair(place.first, first_name), std::pair(place.second, second_name)}) {
      auto study = engine::load_study(directory, context.registry);
      if (!study.ok()) return fail(study.status());
      const StudyRecord& record = studies.emplace_back(std::move(*study)).record;
      arms.push_back({name.empty() ? record.stopping : name, directory, &record});
    }
    pairs.push_back({arms[0], arms[1]});
  }
  const auto comparison = engine::compare_arms(pairs);
  if (!comparison.ok()) return fail(comparison.status());
  return show(*comparison, options);
}

/// Arms that have ended are left as they are, so that an interrupted comparison goes on where it was.
bool has_ended(const Context& context, const std::string& directory) {
  const auto study = engine::load_study(directory, context.registry);
  return study.ok() && study->record.ended.has_value();
}

std::string hint(const CompareOptions& options) {
  std::vector<std::string> words{"tune", "compare"};
  words.insert(words.end(), options.places.begin(), options.places.end());
  words.insert(words.end(), {"--resume", "--dir", options.study.directory});
  const auto add = [&](const char* name, const std::string& value) { words.insert(words.end(), {name, value}); };
  for (const std::string& setting : options.first) add("--a", setting);
  for (const std::string& setting : options.second) add("--b", setting);
  if (options.seeds > 1) add("--seeds", std::to_string(options.seeds));
  if (options.study.seed) add("--seed", std::to_string(*options.study.seed));
  if (options.study.max_trials) add("--max-trials", std::to_string(*options.study.max_trials));
  if (options.study.max_parallel) add("--max-parallel", std::to_string(*options.study.max_parallel));
  if (!options.study.early_stopping.empty()) add("--early-stopping", options.study.early_stopping);
  if (!options.svg.empty()) add("--svg", options.svg);
  return engine::shell_line(words);
}

std::string joined(const std::vector<std::string>& settings) {
  std::string out;
  for (const std::string& setting : settings) out += (out.empty() ? "" : " ") + setting;
  return out;
}

/// Without and with early stopping: the config's rule, or --early-stopping's.
Result<std::vector<ArmPlan>> plan_off_and_on(const Context& context, CompareOptions& options) {
  options.study.config = options.places.front();
  auto spec = load_study_spec(context, options.study);
  if (!spec.ok()) return spec.status();
  if (!spec->stopping) {
    return Status::invalid(
        "nothing to compare: " + options.study.config +
        " has no early stopping; set early_stopping, say --early-stopping NAME, or say what differs by --a and --b");
  }
  engine::StudySpec off = *spec;
  off.stopping.reset();
  const std::string rule = spec->stopping->policy.name;
  return std::vector<ArmPlan>{{"off", "off", std::move(off)}, {rule, rule, std::move(*spec)}};
}

/// Two configs, or one with what --a and --b set in it.
Result<std::vector<ArmPlan>> plan_two(const Context& context, CompareOptions& options) {
  if (!options.study.early_stopping.empty())
    return Status::invalid("--early-stopping is for both arms; say it of one, as in --b early_stopping=" +
                           options.study.early_stopping);
  std::vector<ArmPlan> arms;
  const bool two_files = options.places.size() == 2;
  for (const bool first : {true, false}) {
    StudyOverrides study = options.study;
    study.config = first ? options.places.front() : options.places.back();
    study.settings = first ? options.first : options.second;
    auto spec = load_study_spec(context, study);
    if (!spec.ok()) return spec.status();
    if (options.study.directory.empty()) options.study.directory = study.directory;
    std::string name = two_files ? std::filesystem::path(study.config).stem().string() : "";
    if (!study.settings.empty()) name += (name.empty() ? "" : " ") + joined(study.settings);
    if (name.empty()) name = "as in the config";
    arms.push_back({name, first ? "a" : "b", std::move(*spec)});
  }
  const Objective& objective = arms[0].spec.objective;
  const Objective& other = arms[1].spec.objective;
  if (objective.metric != other.metric || objective.goal != other.goal)
    return Status::invalid("nothing to compare: the arms have different objectives");
  engine::StudySpec same = arms[1].spec;
  same.name = arms[0].spec.name;
  if (engine::spec_to_json(arms[0].spec) == engine::spec_to_json(same)) {
    return Status::invalid(
        "nothing to compare: both arms have the same settings; say what differs by --a KEY=VALUE, --b KEY=VALUE");
  }
  if (arms[0].name == arms[1].name)
    for (ArmPlan& arm : arms) arm.name += " (" + arm.folder + ")";
  return arms;
}

int run_arms(const Context& context, CompareOptions& options, const std::vector<ArmPlan>& arms) {
  struct Run {
    const ArmPlan* arm;
    std::uint64_t seed;
    std::string directory;
  };
  std::vector<Run> runs;
  std::vector<Places> places;
  const std::uint64_t first_seed = arms.front().spec.seed;
  for (int i = 0; i < options.seeds; ++i) {
    const std::uint64_t seed = first_seed + static_cast<std::uint64_t>(i);
    const std::string base = options.study.directory + (options.seeds > 1 ? "/seed-" + std::to_string(seed) + "/" : "/");
    places.push_back({base + arms[0].folder, base + arms[1].folder});
    runs.push_back({&arms[0], seed, places.back().first});
    runs.push_back({&arms[1], seed, places.back().second});
  }
  for (const Run& run : runs) {
    // All before the first is started: it may run for days.
    if (!options.resume && engine::holds_study(run.directory)) {
      return fail(Status::invalid(run.directory + " holds a study already; go on with the comparison by: " + hint(options)));
    }
  }
  int code = kExitOk;
  for (const Run& run : runs) {
    engine::RunRequest request;
    request.mode = options.resume ? engine::RunRequest::Mode::kCreateOrResume : engine::RunRequest::Mode::kCreate;
    request.directory = run.directory;
    request.spec = run.arm->spec;
    request.spec.seed = run.seed;
    request.shim_path = context.shim_path();
    if (options.resume && has_ended(context, request.directory)) continue;
    if (!context.output.quiet) write_err("tune: arm " + run.arm->name + " in " + request.directory + "\n");
    const RunEnd end = run_with_display(context, request, hint(options));
    if (!end.summary.status.ok() || end.code >= kExitSignalBase) return end.code;
    code = std::max(code, end.code);
  }
  const int shown = show(context, places, arms[0].name, arms[1].name, options);
  return shown != kExitOk ? shown : code;
}

/// The rule that an arm's settings name; they may name nothing else where nothing is run.
Result<std::string> rule_of(const std::vector<std::string>& settings, const char* option) {
  constexpr std::string_view kKey = "early_stopping=";
  if (settings.empty()) return std::string();
  if (settings.size() > 1 || !settings.front().starts_with(kKey)) {
    return Status::invalid(std::string(option) + ": given " + joined(settings) +
                           "; allowed with --simulate: early_stopping=RULE");
  }
  return settings.front().substr(kKey.size());
}

int compare_curves(const Context& context, const CompareOptions& options) {
  if (!options.places.empty()) return fail(Status::invalid("--simulate takes the place of CONFIG"));
  SimulatedComparison wanted;
  wanted.curves = options.simulate;
  wanted.goal = options.goal;
  const auto first = rule_of(options.first, "--a");
  if (!first.ok()) return fail(first.status());
  const auto second = rule_of(options.second, "--b");
  if (!second.ok()) return fail(second.status());
  wanted.first = *first;
  wanted.second = second->empty() ? options.study.early_stopping : *second;
  wanted.trials = static_cast<int>(std::min<std::int64_t>(options.study.max_trials.value_or(wanted.trials), engine::kMaxCurves));
  wanted.workers = options.study.max_parallel.value_or(wanted.workers);
  wanted.seeds = options.seeds;
  wanted.seed = options.study.seed.value_or(wanted.seed);
  const auto comparison = simulate_comparison(context, wanted);
  return comparison.ok() ? show(*comparison, options) : fail(comparison.status());
}

int compare(const Context& context, CompareOptions& options) {
  namespace fs = std::filesystem;
  std::error_code error;
  if (!options.simulate.empty()) return compare_curves(context, options);
  if (!options.goal.empty()) return fail(Status::invalid("--goal is for --simulate; a config has its own"));
  if (options.places.empty()) return fail(Status::invalid("CONFIG is required (or --simulate CURVES.csv)"));
  const bool settings = !options.first.empty() || !options.second.empty();
  const auto directories =
      std::ranges::count_if(options.places, [&](const std::string& place) { return fs::is_directory(place, error); });
  if (directories == 2) {
    if (settings || options.seeds > 1)
      return fail(
          Status::invalid("--a, --b and --seeds are for configs, which are run; two directories are compared as they are"));
    return show(context, {{options.places[0], options.places[1]}}, "", "", options);
  }
  if (directories == 1 && options.places.size() == 2)
    return fail(Status::invalid("given a directory and a file; allowed: CONFIG, two configs, or two directories"));
  const std::string folder = fs::path(options.svg).parent_path().string();
  if (!options.svg.empty() && !folder.empty() && !fs::is_directory(folder, error))
    return fail(Status::invalid("--svg: there is no directory " + folder));
  auto arms = settings || options.places.size() == 2 ? plan_two(context, options) : plan_off_and_on(context, options);
  if (!arms.ok()) return fail(arms.status());
  return run_arms(context, options, *arms);
}

}  // namespace

void add_compare(CLI::App& app, Context& context) {
  CLI::App* verb = app.add_subcommand("compare", "the same job with two settings, say without and with early stopping");
  const auto options = std::make_shared<CompareOptions>();
  verb->add_option("CONFIG", options->places, "a config, two configs, or the directories of two studies that were run")
      ->expected(0, 2);
  // One value each, so that CONFIG may stand behind them.
  verb->add_option("--a", options->first, "of the first arm, in place of the config's; may be given again")
      ->type_name("KEY=VALUE")
      ->expected(1)
      ->take_all();
  verb->add_option("--b", options->second, "of the second arm")->type_name("KEY=VALUE")->expected(1)->take_all();
  verb->add_option("--seeds", options->seeds, "with so many seeds, paired")->check(whole_number(1, kMostSeeds))->type_name("N");
  verb->add_option("--svg", options->svg, "a plot of the best value against training hours")->type_name("FILE");
  verb->add_option("--simulate", options->simulate,
                   "nothing is run: the arms' rules on recorded curves (off and auto by default)")
      ->type_name("CURVES.csv");
  CLI::Option* goal = verb->add_option("--goal", options->goal, "of those: maximize or minimize");
  goal->check(CLI::IsMember({"maximize", "minimize"}));
  context.choices[goal] = {"maximize", "minimize"};
  add_overrides(*verb, context, options->study);
  verb->add_flag("--resume", options->resume, "go on with a comparison that was interrupted");
  verb->add_flag("--json", options->json, "one JSON document on stdout");
  verb->callback([&context, options] { context.action = [&context, options] { return compare(context, *options); }; });
}

}  // namespace tune::cli
