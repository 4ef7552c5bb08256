#include "engine/config/config.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "engine/config/config_parts.hpp"
#include "engine/config/paths.hpp"
#include "engine/config/pausing.hpp"
#include "engine/config/trainer_presets.hpp"

namespace tune::engine {

namespace {

namespace fs = std::filesystem;

class Loader {
 public:
  Loader(const YamlNode& root, const Registry& registry, const ConfigContext& context, Diagnostics& errors)
      : root_(root), registry_(registry), context_(context), errors_(errors), top_(root, "", section(""), errors) {
    spec_.working_directory = context.working_directory;
  }

  LoadedConfig load() {
    spec_.name = top_.text("name").value_or("");
    read_objective();
    read_space();
    read_first_points();
    read_named();
    read_limits();
    read_completion();
    read_warm_start();
    read_execution(top_, context_.working_directory, spec_, errors_);
    check_gpu_hours();
    spec_.deterministic = top_.flag("deterministic").value_or(false);
    spec_.max_step = top_.whole("max_step");
    read_environment();
    read_program();
    check_pausing();
    note_session();
    require_end();
    note_metric();
    for (std::string& note : unread_rules(spec_, registry_)) notes_.push_back(std::move(note));
    return {std::move(spec_), std::move(notes_)};
  }

 private:
  void read_objective() {
    const YamlNode* node = top_.find("objective");
    if (node == nullptr) return;
    const SectionReader reader(*node, "objective", section("objective"), errors_);
    Objective& objective = spec_.objective;
    objective.metric = reader.text("metric").value_or("");
    objective.goal = reader.text("goal") == "minimize" ? Goal::kMinimize : Goal::kMaximize;
    objective.on_nan = reader.text("on_nan") == "ignore" ? OnNan::kIgnore : OnNan::kStop;
    constexpr std::string_view kMean = "mean_last_";
    const std::string value = reader.text("value").value_or("last");
    if (value == "best") objective.value = ValueMode::kBest;
    if (value.starts_with(kMean)) {
      objective.value = ValueMode::kMeanLastK;
      objective.last_k = std::stoi(value.substr(kMean.size()));  // the key's pattern allows six digits
    }
  }

  void read_space() {
    const std::size_t before = errors_.count();
    const YamlNode* parameters = top_.find("parameters");
    if (parameters != nullptr) spec_.space = read_parameters(*parameters, "parameters", errors_);
    space_ok_ = parameters != nullptr && errors_.count() == before;
    const YamlNode* fixed = top_.find("static");
    if (fixed == nullptr) return;
    for (const YamlMember& member : fixed->members) {
      if (parameters != nullptr && parameters->find(member.key) != nullptr) {
        errors_.add(member.mark, "static." + member.key, "is a parameter too; allowed: a name of its own");
      }
      spec_.static_values.emplace_back(member.key, scalar_value(member.value));
    }
  }

  void read_first_points() {
    const YamlNode* node = top_.find("initial");
    if (node != nullptr && space_ok_) spec_.initial = read_initial(*node, "initial", spec_.space, errors_);
  }

  void read_named() {
    if (!top_.given("strategy") || top_.find("strategy") != nullptr) {
      StrategyChoice choice =
          read_strategy(top_.find("strategy"), root_.mark, "strategy", registry_, spec_.space, space_ok_, errors_);
      spec_.strategy = std::move(choice.strategy);
      spec_.seed = choice.seed;
      spec_.lookahead = choice.lookahead;
      if (spec_.lookahead > 0 && !context_.needs_program)
        notes_.push_back("strategy.lookahead means nothing in a session, which proposes when it is asked");
    }
    if (const YamlNode* node = top_.find("early_stopping")) {
      spec_.stopping = read_stopping(*node, "early_stopping", registry_, spec_.space, space_ok_, errors_);
    }
    const TrainerPreset* trainer = find_trainer(top_.text("trainer").value_or(""));
    if (const YamlNode* node = top_.find("rules"))
      spec_.rules = read_rules(*node, "rules", registry_, trainer, spec_.space, space_ok_, errors_);
  }

  void read_limits() {
    const YamlNode* node = top_.find("limits");
    if (node == nullptr) return;
    const SectionReader reader(*node, "limits", section("limits"), errors_);
    Limits& limits = spec_.limits;
    limits.max_trials = reader.whole("max_trials");
    limits.max_parallel = static_cast<int>(reader.whole("max_parallel").value_or(limits.max_parallel));
    limits.max_runtime = reader.duration("max_runtime");
    limits.max_gpu_hours = reader.number("max_gpu_hours");
    if (const YamlNode* hours = reader.find("max_gpu_hours")) gpu_hours_mark_ = hours->mark;
    limits.trial_runtime = reader.duration("trial_runtime");
    limits.stalled = reader.duration("stalled");
    limits.max_failures = static_cast<int>(reader.whole("max_failures").value_or(limits.max_failures));
    limits.grace = reader.duration("grace").value_or(limits.grace);
  }

  void read_completion() {
    const YamlNode* node = top_.find("completion");
    if (node == nullptr) return;
    const SectionReader reader(*node, "completion", section("completion"), errors_);
    spec_.completion.target = reader.number("target");
    if (const auto count = reader.whole("not_improving")) spec_.completion.not_improving = static_cast<int>(*count);
    spec_.completion.converged = reader.flag("converged").value_or(false);
  }

  /// That the directories hold studies is looked at when this one is created: later they may be gone.
  void read_warm_start() {
    const YamlNode* node = top_.find("warm_start");
    if (node == nullptr) return;
    const SectionReader reader(*node, "warm_start", section("warm_start"), errors_);
    WarmStart warm_start;
    warm_start.type = reader.text("type") == "transfer" ? WarmStartType::kTransfer : WarmStartType::kIdentical;
    const YamlNode* studies = reader.find("studies");
    if (studies == nullptr) return;
    for (const YamlNode& item : studies->items) {
      const fs::path path = plain_directory(fs::path(context_.working_directory) / item.text);
      if (std::ranges::find(warm_start.studies, path.string()) != warm_start.studies.end())
        errors_.refuse(item, "warm_start.studies", "each study once");
      warm_start.studies.push_back(path.string());
    }
    spec_.warm_start = std::move(warm_start);
  }

  /// Hours of GPUs that no trial has would never be used up.
  void check_gpu_hours() {
    if (!spec_.limits.max_gpu_hours) return;
    const ResourceSpec& resources = spec_.resources;
    const bool none = resources.gpus_per_trial == 0 || (!resources.gpus_auto && resources.gpus.empty());
    if (none) {
      errors_.add(gpu_hours_mark_, "limits.max_gpu_hours",
                  "counts nothing, for trials are given no GPUs; allowed: with resources that give them some");
    } else if (!context_.needs_program) {
      notes_.push_back("limits.max_gpu_hours counts nothing in a session, whose caller runs the trials");
    } else if (!has_gpus()) {
      notes_.push_back(
          "limits.max_gpu_hours counts nothing where no GPU is found; resources.gpus_per_trial: 1 makes that an error");
    }
  }

  /// Whether trials have GPUs or do not start.
  [[nodiscard]] bool has_gpus() const {
    const ResourceSpec& resources = spec_.resources;
    return resources.gpus_per_trial.value_or(resources.gpus_auto ? 0.0 : static_cast<double>(resources.gpus.size())) > 0.0;
  }

  void read_environment() {
    const YamlNode* node = top_.find("environment");
    if (node == nullptr) return;
    for (const YamlMember& member : node->members) spec_.environment.emplace_back(member.key, member.value.text);
  }

  void read_program() {
    const bool given = top_.given("command") || top_.given("trainer");
    if (!given && context_.needs_program) errors_.add(root_.mark, "command", "missing; allowed: command or trainer");
    if (top_.given("command") && top_.given("trainer"))
      errors_.add(trainer_mark(), "trainer", "given beside command; allowed: one of the two");
    // Names that the broken part of the space may hold would be unknown here.
    if (const YamlNode* node = top_.find("command"); node != nullptr && space_ok_) {
      spec_.command = read_command(*node, "command", spec_.space, spec_.static_values, errors_);
    }
    if (const TrainerPreset* preset = find_trainer(top_.text("trainer").value_or(""))) {
      spec_.trainer = preset->name;
      const fs::path program =
          context_.program_directory.empty() ? fs::path(preset->program) : fs::path(context_.program_directory) / preset->program;
      spec_.command = {CommandPart{.words = {literal(program.string())}}};
      spec_.metrics = preset->metrics;
    }
    const YamlNode* metrics = top_.find("metrics");
    if (metrics == nullptr) return;
    for (MetricDefinition& definition : read_metrics(*metrics, "metrics", errors_)) {
      std::erase_if(spec_.metrics, [&](const MetricDefinition& one) { return one.name == definition.name; });
      spec_.metrics.push_back(std::move(definition));
    }
    if (spec_.metrics.size() > kMaxMetricDefinitions) {
      errors_.add(metrics->mark, "metrics",
                  "too many definitions with the trainer's; allowed: " + std::to_string(kMaxMetricDefinitions));
    }
  }

  /// A word of a command that means itself.
  static std::string literal(const std::string& text) {
    std::string word;
    for (const char c : text) word += c == '{' ? std::string("{{") : c == '}' ? std::string("}}") : std::string(1, c);
    return word;
  }

  [[nodiscard]] YamlMark trainer_mark() const {
    const YamlNode* node = root_.find("trainer");
    return node != nullptr ? node->mark : root_.mark;
  }

  void check_pausing() {
    if (!errors_.empty()) return;
    const std::string why = why_no_new_attempt(spec_);
    if (why.empty()) return;
    if (const YamlNode* node = root_.find("early_stopping"); node != nullptr && rule_pauses(spec_, registry_))
      errors_.add(node->mark, "early_stopping", "pauses trials, which " + why);
    if (spec_.market) errors_.add(root_.find("executor")->mark, "executor.interrupt", "makes new attempts, which " + why);
    for (const char* key : {"spot", "retry"}) {
      const YamlNode* node = root_.find(key);
      if (node != nullptr && top_.find(key) != nullptr) errors_.add(node->mark, key, "makes new attempts, which " + why);
    }
  }

  /// What only whoever carries out trials can keep to.
  void note_session() {
    if (context_.needs_program) return;
    const std::pair<bool, const char*> given[] = {{spec_.limits.stalled.has_value(), "limits.stalled"},
                                                  {spec_.spot.has_value(), "spot"},
                                                  {top_.given("retry"), "retry"},
                                                  {spec_.market.has_value(), "executor.interrupt"},
                                                  {spec_.output.has_value(), "output"}};
    for (const auto& [there, key] : given) {
      if (there) notes_.push_back(std::string(key) + " means nothing in a session, whose caller runs the trials");
    }
  }

  void require_end() {
    const Completion& completion = spec_.completion;
    const bool ends = spec_.limits.max_trials || spec_.limits.max_runtime || (spec_.limits.max_gpu_hours && has_gpus()) ||
                      completion.target || completion.not_improving || completion.converged;
    const bool wrong_elsewhere = (top_.given("limits") || top_.given("completion")) && !errors_.empty();
    if (ends || context_.has_other_end || spec_.strategy.name == "grid" || wrong_elsewhere) return;
    const YamlNode* limits = root_.find("limits");
    errors_.add(limits != nullptr ? limits->mark : root_.mark, "limits.max_trials",
                "missing; allowed: int >= 1, or another end: limits.max_runtime, completion, strategy grid");
  }

  void note_metric() {
    const std::string& wanted = spec_.objective.metric;
    const bool found =
        std::any_of(spec_.metrics.begin(), spec_.metrics.end(), [&](const MetricDefinition& one) { return one.name == wanted; });
    if (found || wanted.empty() || spec_.command.empty()) return;
    std::vector<std::string> names;
    for (const MetricDefinition& one : spec_.metrics) names.push_back(one.name);
    std::string note =
        "no definition in metrics reads the objective '" + wanted + "': trials must print it in '@tune {...}' lines";
    if (const std::string near = nearest(wanted, names); !near.empty()) note += "; did you mean '" + near + "'?";
    notes_.push_back(std::move(note));
  }

  const YamlNode& root_;
  const Registry& registry_;
  const ConfigContext& context_;
  Diagnostics& errors_;
  SectionReader top_;
  bool space_ok_ = false;
  YamlMark gpu_hours_mark_;
  StudySpec spec_;
  std::vector<std::string> notes_;
};

/// A request to another system's tuner, which has no key of ours.
bool is_sagemaker_job(const YamlNode& root) {
  return std::any_of(sagemaker_keys().begin(), sagemaker_keys().end(),
                     [&](const std::string& key) { return root.find(key) != nullptr; });
}

}  // namespace

Result<LoadedConfig> parse_config(std::string_view text, const std::string& name, const Registry& registry,
                                  const ConfigContext& context) {
  Diagnostics errors(name);
  YamlDocument document = parse_yaml(text);
  for (const YamlProblem& problem : document.problems) errors.add(problem.mark, problem.key, problem.message);
  if (!document.complete) return errors.status();
  if (document.root.kind != YamlNode::Kind::kMap) {
    const std::string given = document.root.kind == YamlNode::Kind::kNull ? "an empty file" : shown(document.root);
    errors.add(document.root.mark, "", "given " + given + "; allowed: a map with the keys " + join(section("").known()));
    return errors.status();
  }
  if (is_sagemaker_job(document.root)) {
    errors.planned(document.root.members[0].mark, document.root.members[0].key, "an AWS CreateHyperParameterTuningJob request");
    return errors.status();
  }
  std::string kept;
  for (const std::string& setting : context.settings) {
    TUNE_RETURN_IF_ERROR(apply_setting(document.root, setting));
    kept += "# with " + setting + "\n";
    std::replace(kept.end() - static_cast<std::ptrdiff_t>(setting.size()) - 1, kept.end() - 1, '\n', ' ');
  }
  LoadedConfig loaded = Loader(document.root, registry, context, errors).load();
  if (!errors.empty()) return errors.status();
  loaded.spec.text = kept.append(text);
  return loaded;
}

Result<LoadedConfig> load_config(const std::string& path, const Registry& registry, const ConfigContext& context) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (!fs::exists(status)) return Status::invalid(path + ": no such file");
  if (fs::is_directory(status)) return Status::invalid(path + ": is a directory; allowed: a YAML or JSON file");
  const std::string too_large = path + ":1:1: too large; allowed: up to " + std::to_string(kMaxConfigBytes) + " bytes";
  if (fs::is_regular_file(status) && fs::file_size(path, error) > kMaxConfigBytes && !error) return Status::invalid(too_large);
  std::ifstream file(path, std::ios::binary);
  if (!file) return Status::invalid(path + ": cannot be read: " + std::strerror(errno));
  std::string text(kMaxConfigBytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad()) return Status::invalid(path + ": cannot be read: " + std::strerror(errno));
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.size() > kMaxConfigBytes) return Status::invalid(too_large);  // a pipe has no size
  return parse_config(text, path, registry, context);
}

}  // namespace tune::engine
