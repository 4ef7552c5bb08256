#include <map>

#include "engine/config/config_parts.hpp"
#include "metrics/log_reader.hpp"

namespace tune::engine {

namespace {

/// Lengths, then RE2's opinion of the value's pattern and of the step's, each alone so that the error has its place.
void check_patterns(const MetricDefinition& definition, const SectionReader& reader, Diagnostics& errors) {
  for (const char* key : {"regex", "step"}) {
    const YamlNode* node = reader.find(key);
    if (node == nullptr) continue;
    if (node->text.empty() || node->text.size() > kMaxMetricRegexLength) {
      errors.refuse(*node, reader.path(key), "1 to " + std::to_string(kMaxMetricRegexLength) + " bytes");
      continue;
    }
    const std::string name = definition.name.empty() ? "unnamed" : definition.name;
    const MetricDefinition alone{.name = name, .regex = node->text, .step = std::nullopt, .step_offset = 0};
    if (const auto compiled = metrics::compile({&alone, 1}); !compiled.ok()) {
      const std::string& message = compiled.status().message();
      const std::string prefix = "metrics[0] \"" + name + "\": ";  // the key says it better
      errors.add(node->mark, reader.path(key), message.starts_with(prefix) ? message.substr(prefix.size()) : message);
    }
  }
}

}  // namespace

std::vector<MetricDefinition> read_metrics(const YamlNode& list, std::string_view path, Diagnostics& errors) {
  std::vector<MetricDefinition> definitions;
  std::map<std::string, YamlMark> seen;
  for (std::size_t i = 0; i < list.items.size(); ++i) {
    const std::string where = std::string(path) + "[" + std::to_string(i) + "]";
    const std::size_t before = errors.count();
    const SectionReader reader(list.items[i], where, section("metrics"), errors);
    MetricDefinition definition{.name = reader.text("name").value_or(""),
                                .regex = reader.text("regex").value_or(""),
                                .step = reader.text("step"),
                                .step_offset = reader.whole("step_offset").value_or(0)};
    const YamlNode* offset = reader.find("step_offset");
    if (offset != nullptr && !reader.given("step"))
      errors.add(offset->mark, reader.path("step_offset"), "needs a step pattern beside it");
    check_patterns(definition, reader, errors);
    if (const YamlNode* name = reader.find("name")) {
      const auto [first, is_new] = seen.emplace(definition.name, name->mark);
      const std::string line = std::to_string(first->second.line);
      if (!is_new) errors.add(name->mark, reader.path("name"), "'" + definition.name + "' is there twice, first at line " + line);
    }
    if (errors.count() == before) definitions.push_back(std::move(definition));
  }
  return definitions;
}

}  // namespace tune::engine
