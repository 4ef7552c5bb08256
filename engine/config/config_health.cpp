#include <algorithm>

#include "engine/config/config_parts.hpp"
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

}  // namespace

std::vector<HealthSpec> read_rules(const YamlNode& list, std::string_view path, const Registry& registry, const Space& space,
                                   bool space_ok, Diagnostics& errors) {
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
    const SectionReader reader(item, where, health_section(*entry), errors);
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

std::vector<std::string> unread_rules(const std::vector<HealthSpec>& rules, const std::vector<MetricDefinition>& definitions,
                                      const std::string& objective, const Registry& registry) {
  std::vector<std::string> notes;
  if (definitions.empty()) return notes;
  for (const HealthSpec& spec : rules) {
    const Entry<HealthRule>* entry = registry.find_health_rule(spec.rule.name);
    for (const OptionSpec& option_spec : entry->options) {
      const auto given = spec.rule.options.find(option_spec.name);
      if (option_spec.type != OptionType::kMetrics || given == spec.rule.options.end()) continue;
      const auto& text = std::get<std::string>(given->second);
      const auto pattern = metrics::NamePattern::compile(text);
      if (!pattern.ok() || pattern->matches(objective)) continue;
      const auto matches = [&](const MetricDefinition& one) { return pattern->matches(one.name); };
      if (std::ranges::any_of(definitions, matches)) continue;
      notes.push_back("rules: " + spec.rule.name + ": no metric definition has a name that " + option_spec.name + " '" + text +
                      "' matches; only `@tune` lines can bring one");
    }
  }
  return notes;
}

}  // namespace tune::engine
