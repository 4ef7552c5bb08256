#include "engine/config/key_table.hpp"

#include "engine/config/key_sections.hpp"
#include "engine/config/parameter_keys.hpp"
#include "engine/config/trainer_presets.hpp"
#include "tune/metric_definition.hpp"

namespace tune::engine {

namespace {

constexpr const char* kStudyNameLike = "1 to 63 letters, digits, - and _, the first a letter or digit";
constexpr const char* kStudyNamePattern = "^[a-zA-Z0-9][a-zA-Z0-9_-]{0,62}$";
constexpr const char* kNameLike = "1 to 255 bytes without blanks, braces and =";
constexpr const char* kNamePattern = "^[^{}=\\s]+$";
constexpr const char* kVariableLike = "letters, digits and _, the first no digit";
constexpr const char* kVariablePattern = "^[A-Za-z_][A-Za-z0-9_]*$";
constexpr const char* kChannelLike = "1 to 64 letters, digits, ., - and _, the first no dot";
constexpr const char* kChannelPattern = "^[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}$";

SectionSpec top() {
  return {
      .name = "",
      .doc = "The top of the file.",
      .keys = {
          {.name = "name",
           .doc = "The study's name; its directory is `runs/NAME` unless `--dir` says otherwise.",
           .required = true,
           .like = kStudyNameLike,
           .pattern = kStudyNamePattern},
          {.name = "objective",
           .type = KeyType::kSection,
           .doc = "What is to be made best.",
           .required = true,
           .section = "objective"},
          {.name = "parameters",
           .type = KeyType::kParameters,
           .doc = "What is searched, by name: at least one.",
           .required = true,
           .like = kNameLike,
           .pattern = kNamePattern,
           .max_length = kMaxNameLength},
          {.name = "static",
           .type = KeyType::kValueMap,
           .default_text = "none",
           .doc = "Values that every trial gets and nobody searches, by name.",
           .like = kNameLike,
           .pattern = kNamePattern,
           .max_length = kMaxNameLength},
          {.name = "initial",
           .type = KeyType::kPoints,
           .default_text = "none",
           .doc = "Points to be tried first, one a trial, before the strategy is asked, as in `[{learning_rate: 0.01}]`; what a "
                  "point leaves out is drawn at random."},
          {.name = "strategy",
           .type = KeyType::kStrategy,
           .default_text = std::string(kDefaultStrategy),
           .doc = "Where to look next: a name, or a map with a name and options."},
          {.name = "early_stopping",
           .type = KeyType::kStopping,
           .default_text = "off",
           .doc = "Whom to stop: a name, `off`, or a map with a name and options."},
          {.name = "rules",
           .type = KeyType::kHealthRules,
           .default_text = "none",
           .doc = "Health rules: what is wrong with a trial by what it says of itself ([health rules](health-rules.md)).",
           .max_entries = kMaxHealthRules},
          {.name = "limits", .type = KeyType::kSection, .doc = "When to end, how much at once.", .section = "limits"},
          {.name = "completion", .type = KeyType::kSection, .doc = "Reasons to end early.", .section = "completion"},
          {.name = "warm_start",
           .type = KeyType::kSection,
           .doc = "Earlier studies to begin with ([warm start](warm-start.md)).",
           .section = "warm_start"},
          {.name = "resources", .type = KeyType::kSection, .doc = "What a trial gets of the machine.", .section = "resources"},
          {.name = "executor",
           .type = KeyType::kSection,
           .default_text = "local",
           .doc = "Where trials run.",
           .section = "executor"},
          {.name = "retry", .type = KeyType::kSection, .doc = "What infrastructure broke is tried again.", .section = "retry"},
          {.name = "spot",
           .type = KeyType::kSection,
           .default_text = "off",
           .doc = "Capacity that may be taken away ([interruption](interruption.md)).",
           .section = "spot"},
          {.name = "deterministic",
           .type = KeyType::kFlag,
           .default_text = "false",
           .doc = "Consume events in the order of a virtual clock, so that a parallel run repeats exactly, but for times, hosts "
                  "and process ids."},
          {.name = "max_step",
           .type = KeyType::kInt,
           .default_text = "the static value `epochs`, `num_epochs`, `numepochs`, `n_epochs` or `n-epochs`",
           .doc = "The last step of a trial that runs to its end.",
           .min = 1.0},
          {.name = "environment",
           .type = KeyType::kTextMap,
           .default_text = "none",
           .doc = "Environment variables of the trials, on top of the caller's. The study's files are then for its owner alone.",
           .like = kVariableLike,
           .pattern = kVariablePattern,
           .max_length = kMaxNameLength},
          {.name = "channels",
           .type = KeyType::kSectionMap,
           .default_text = "none",
           .doc = "Input directories or files by name, each a path or a map; a trial finds them in `TUNE_CHANNEL_<NAME>`.",
           .like = kChannelLike,
           .pattern = kChannelPattern,
           .section = "channels"},
          {.name = "output",
           .type = KeyType::kSection,
           .default_text = "none",
           .doc = "Where what finished trials leave behind is copied.",
           .section = "output"},
          {.name = "trainer",
           .doc = "A built-in trainer, which brings its command and its metrics; this or `command`.",
           .allowed = trainer_names()},
          {.name = "command",
           .type = KeyType::kWords,
           .doc = "The program and its arguments; this or `trainer`. `{name}` is a value, `{{` and `}}` are braces, a nested "
                  "list is dropped when "
                  "a parameter in it is inactive. No shell."},
          {.name = "metrics",
           .type = KeyType::kSectionList,
           .default_text = "the trainer's",
           .doc = "How metrics are read from what a trial prints; `@tune` lines need none.",
           .max_entries = kMaxMetricDefinitions,
           .section = "metrics"},
      }};
}

SectionSpec objective() {
  return {
      .name = "objective",
      .doc = "The metric that counts.",
      .keys = {
          {.name = "metric",
           .doc = "The name of a metric.",
           .required = true,
           .like = kMetricLike,
           .max_length = kMaxMetricNameLength},
          {.name = "goal", .doc = "Which way is better.", .required = true, .allowed = {"maximize", "minimize"}},
          {.name = "value",
           .default_text = "last",
           .doc = "A trial's result: its last value (as SageMaker), its best, or the mean of its last k, as in `mean_last_3`.",
           .allowed = {"last", "best", "mean_last_k"},
           .pattern = "^(last|best|mean_last_[1-9][0-9]{0,5})$"},
          {.name = "on_nan",
           .default_text = "stop",
           .doc = "NaN or infinity: `stop` ends the trial as diverged, `ignore` leaves it to the stopping rules.",
           .allowed = {"stop", "ignore"}},
      }};
}

KeySpec option_key(const OptionSpec& option) {
  KeySpec key{.name = option.name,
              .doc = option.doc,
              .required = option.required,
              .min = option.min,
              .max = option.max,
              .allowed = option.allowed};
  switch (option.type) {
    case OptionType::kBool:
      key.type = KeyType::kFlag;
      break;
    case OptionType::kInt:
      key.type = KeyType::kInt;
      break;
    case OptionType::kFloat:
      key.type = KeyType::kNumber;
      break;
    case OptionType::kString:
      key.type = KeyType::kText;
      break;
    case OptionType::kIntOrShare:
      key.type = KeyType::kIntOrShare;
      break;
    case OptionType::kIntOrMap:
      key.type = KeyType::kIntOrMap;
      break;
    case OptionType::kRules:
      key.type = KeyType::kRules;
      break;
    case OptionType::kMetrics:
      key.type = KeyType::kText;
      key.like = "a regular expression for the whole name of a metric";
      key.max_length = kMaxMetricRegexLength;
      break;
  }
  if (!option.default_value) return key;
  const OptionValue& value = *option.default_value;
  if (const auto* flag = std::get_if<bool>(&value)) key.default_text = *flag ? "true" : "false";
  if (const auto* whole = std::get_if<std::int64_t>(&value)) key.default_text = std::to_string(*whole);
  if (const auto* number = std::get_if<double>(&value)) key.default_text = to_text(*number);
  if (const auto* text = std::get_if<std::string>(&value)) key.default_text = *text;
  if (const auto* map = std::get_if<std::map<std::string, std::int64_t>>(&value))
    key.default_text = map->empty() ? "{}" : "a map";
  return key;
}

template <typename Product>
SectionSpec with_options(SectionSpec base, const Entry<Product>& entry) {
  base.name += "." + entry.name + (entry.variant.empty() ? "" : "." + entry.variant);
  base.doc = entry.doc;
  base.keys.front().allowed = {entry.name};
  for (const OptionSpec& option : entry.options) base.keys.push_back(option_key(option));
  return base;
}

}  // namespace

const KeySpec* SectionSpec::find(std::string_view key) const {
  for (const KeySpec& known_key : keys) {
    if (known_key.name == key || (!known_key.alias.empty() && known_key.alias == key)) return &known_key;
  }
  return nullptr;
}

std::vector<std::string> SectionSpec::known() const {
  std::vector<std::string> names;
  for (const KeySpec& key : keys) {
    if (!key.planned) names.push_back(key.name);
  }
  return names;
}

const std::vector<SectionSpec>& sections() {
  static const std::vector<SectionSpec> kSections = [] {
    std::vector<SectionSpec> all{top(), objective()};
    for (SectionSpec& one : parameter_sections()) all.push_back(std::move(one));
    for (SectionSpec& one : study_sections()) all.push_back(std::move(one));
    for (SectionSpec& one : execution_sections()) all.push_back(std::move(one));
    return all;
  }();
  return kSections;
}

const SectionSpec& section(std::string_view name) {
  const SectionSpec* found = nullptr;
  for (const SectionSpec& one : sections()) {
    if (one.name == name) found = &one;
  }
  TUNE_CHECK(found != nullptr);
  return *found;
}

SectionSpec strategy_section() {
  return {
      .name = "strategy",
      .doc = "Where to look next.",
      .keys =
          {{.name = "name", .default_text = std::string(kDefaultStrategy), .doc = "The strategy."},
           {.name = "seed", .type = KeyType::kInt, .default_text = "0", .doc = "Of all random numbers of the study.", .min = 0.0},
           {.name = "lookahead",
            .type = KeyType::kInt,
            .default_text = "0",
            .doc = "0: a proposal is made when a slot is free, from all that is known then; 1: while trials run, right "
                   "after the launch before it, so that a free slot never waits for it.",
            .min = 0.0,
            .max = 1.0}},
      .short_key = "name"};
}

SectionSpec stopping_section() {
  return {.name = "early_stopping",
          .doc = "Whom to stop.",
          .keys = {{.name = "name", .doc = "The stopping policy.", .required = true},
                   {.name = "explain",
                    .default_text = "stops",
                    .doc = "Which decisions are journaled: `all` keeps the `continue`s too.",
                    .allowed = {"stops", "all"}},
                   {.name = "protect_best",
                    .type = KeyType::kInt,
                    .default_text = "0",
                    .doc = "The n best trials so far are never stopped.",
                    .min = 0.0,
                    .max = 1e6},
                   {.name = "min_runtime",
                    .type = KeyType::kDuration,
                    .default_text = "none",
                    .doc = "A trial is not judged before it has run that long."},
                   {.name = "audit",
                    .type = KeyType::kShare,
                    .default_text = "the rule's own: 5% for `auto`, else 0",
                    .doc = "A share of the trials that the rule would stop runs on, to measure what stopping costs."}},
          .short_key = "name"};
}

SectionSpec rule_section() {
  return {.name = "rule",
          .doc = "A rule that another is made of.",
          .keys = {{.name = "name", .doc = "The stopping policy.", .required = true}},
          .short_key = "name"};
}

SectionSpec health_section() {
  return {.name = "rules",
          .doc = "One health rule.",
          .keys = {{.name = "name", .doc = "The rule.", .required = true},
                   {.name = "action",
                    .default_text = "warn",
                    .doc = "What follows when it finds what it looks for: `warn` says so once a trial, `stop` stops the trial.",
                    .allowed = {"warn", "stop"}}}};
}

SectionSpec strategy_section(const Entry<Strategy>& entry) { return with_options(strategy_section(), entry); }
SectionSpec stopping_section(const Entry<StoppingPolicy>& entry) { return with_options(stopping_section(), entry); }
SectionSpec health_section(const Entry<HealthRule>& entry) { return with_options(health_section(), entry); }
SectionSpec rule_section(const Entry<StoppingPolicy>& entry) { return with_options(rule_section(), entry); }

std::vector<std::string> section_keys() {
  std::vector<std::string> keys;
  for (const KeySpec& top_key : section("").keys) {
    if (top_key.type != KeyType::kSection) continue;
    for (const std::string& key : section(top_key.section).known()) keys.push_back(top_key.name + "." + key);
  }
  return keys;
}

const std::vector<std::string>& sagemaker_keys() {
  static const std::vector<std::string> kKeys{"HyperParameterTuningJobName", "HyperParameterTuningJobConfig",
                                              "TrainingJobDefinition", "TrainingJobDefinitions", "WarmStartConfig"};
  return kKeys;
}

}  // namespace tune::engine
