#include <algorithm>

#include "engine/config/config_parts.hpp"
#include "engine/config/trainer_presets.hpp"
#include "metrics/name_pattern.hpp"

namespace tune::engine {

namespace {

using Kind = YamlNode::Kind;

/// The options as given, defaults filled in; patterns that are none are reported.
Options read_options(const Entry<HealthRule>& entry, const SectionReader& reader, Diagnostics& errors) {
  Options options;
  for (const OptionSpec& spec : entry.options) {
    const YamlNode* node = reader.find(spec.name);
    if (node == nullptr) {
      if (spec.default_value) options[spec.name] = *spec.default_value;
      continue;
    }
    options[spec.name] = option_value(*node, spec.type);
    if (spec.type != OptionType::kMetrics) continue;
    if (const auto pattern = metrics::NamePattern::compile(node->text); !pattern.ok())
      errors.add(node->mark, reader.path(spec.name), pattern.status().message());
  }
  return options;
}

/// The rule as written; where it names none of the metrics it could look at, those of the trainer.
YamlNode with_metrics(YamlNode item, const Entry<HealthRule>& entry, const TrainerPreset* trainer) {
  const auto names_metrics = [&](const OptionSpec& spec) {
    return spec.type == OptionType::kMetrics && item.find(spec.name) != nullptr;
  };
  if (trainer == nullptr || std::ranges::any_of(entry.options, names_metrics)) return item;
  for (const OptionSpec& spec : entry.options) {
    const RulePattern* known = trainer->pattern(entry.name, spec.name);
    if (known == nullptr) continue;
    YamlNode pattern;
    pattern.kind = Kind::kText;
    pattern.mark = item.mark;
    pattern.text = known->pattern;
    item.members.push_back({spec.name, item.mark, std::move(pattern)});
  }
  return item;
}

}  // namespace

std::vector<HealthSpec> read_rules(const YamlNode& list, std::string_view path, const Registry& registry,
                                   const TrainerPreset* trainer, const Space& space, bool space_ok, Diagnostics& errors) {
  std::vector<std::string> names;
  for (const Entry<HealthRule>& entry : registry.health_rules()) names.push_back(entry.name);
  std::vector<HealthSpec> rules;
  for (std::size_t i = 0; i < list.items.size(); ++i) {
    const YamlNode& item = list.items[i];
    const std::string where = std::string(path) + "[" + std::to_string(i) + "]";
    const std::size_t before = errors.count();
    const YamlNode* name = item.kind == Kind::kMap ? item.find("name") : nullptr;
    if (name == nullptr) {
      errors.refuse(item, where, "a map with the name of a health rule, its metrics and options");
      continue;
    }
    const Entry<HealthRule>* entry = name->kind == Kind::kText ? registry.find_health_rule(name->text) : nullptr;
    if (entry == nullptr) {
      errors.refuse(*name, below(where, "name"), join(names, " | "), names);
      continue;
    }
    const YamlNode complete = with_metrics(item, *entry, trainer);
    const SectionReader reader(complete, where, health_section(*entry), errors);
    HealthSpec spec;
    spec.rule = {entry->name, read_options(*entry, reader, errors)};
    spec.stop = reader.text("action") == "stop";
    if (errors.count() == before && space_ok) {
      const auto made = entry->make(space, spec.rule.options);
      if (!made.ok()) errors.add(name->mark, where, made.status().message());
    }
    rules.push_back(std::move(spec));
  }
  return rules;
}

std::vector<std::string> unread_rules(const StudySpec& spec, const Registry& registry) {
  std::vector<std::string> notes;
  if (spec.metrics.empty()) return notes;
  const TrainerPreset* trainer = find_trainer(spec.trainer);
  for (const HealthSpec& one : spec.rules) {
    const Entry<HealthRule>* entry = registry.find_health_rule(one.rule.name);
    for (const OptionSpec& option_spec : entry->options) {
      const auto given = one.rule.options.find(option_spec.name);
      if (option_spec.type != OptionType::kMetrics || given == one.rule.options.end()) continue;
      const auto& text = std::get<std::string>(given->second);
      const RulePattern* printed = trainer == nullptr ? nullptr : trainer->pattern(one.rule.name, option_spec.name);
      const auto pattern = metrics::NamePattern::compile(text);
      const bool known = printed != nullptr && printed->pattern == text;
      if (known || !pattern.ok() || pattern->matches(spec.objective.metric)) continue;
      const auto matches = [&](const MetricDefinition& definition) { return pattern->matches(definition.name); };
      if (std::ranges::any_of(spec.metrics, matches)) continue;
      notes.push_back("rules: " + one.rule.name + ": no metric definition has a name that " + option_spec.name + " '" + text +
                      "' matches; only `@tune` lines can bring one");
    }
  }
  return notes;
}

}  // namespace tune::engine
