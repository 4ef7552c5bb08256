#include "engine/config/config.hpp"
#include "engine/config/diagnostics.hpp"
#include "engine/config/key_table.hpp"

namespace tune::engine {

namespace {

/// A table's cell: no bar may end it early.
std::string cell(const std::string& text) {
  std::string safe;
  for (const char c : text) safe += c == '|' ? std::string("\\|") : std::string(1, c);
  return safe;
}

std::string takes(const KeySpec& key) {
  if (key.type == KeyType::kText && !key.allowed.empty()) {
    std::string words;
    for (const std::string& word : key.allowed) words += (words.empty() ? "`" : " or `") + word + "`";
    return words;
  }
  return allowed_text(key);
}

std::string table(const SectionSpec& spec, const std::vector<KeySpec>& keys) {
  std::string text = "| key | takes | default | meaning |\n|---|---|---|---|\n";
  for (const KeySpec& key : keys) {
    const std::string standard = key.required ? "required" : key.default_text.empty() ? "none" : key.default_text;
    const std::string name = "`" + key.name + "`" + (key.alias.empty() ? "" : " or `" + key.alias + "`");
    if (key.planned) {
      text += "| " + name + " | | | " + cell(key.doc) + " Planned, not built yet: refused. |\n";
    } else {
      text += "| " + name + " | " + cell(takes(key)) + " | " + cell(standard) + " | " + cell(key.doc) + " |\n";
    }
  }
  if (!spec.short_key.empty()) {
    const bool value = spec.find(spec.short_key)->type == KeyType::kValue;
    text += std::string("\n") + (value ? "A value" : "Text") + " alone is short for `{" + spec.short_key + ": " +
            (value ? "VALUE" : "TEXT") + "}`.\n";
  }
  return text;
}

std::string chapter(const SectionSpec& spec) {
  const std::string title = spec.name.empty() ? "Top level" : "`" + spec.name + "`";
  return "### " + title + "\n\n" + spec.doc + "\n\n" + table(spec, spec.keys) + "\n";
}

/// The options that an entry adds to the keys all of its kind share.
template <typename Product>
std::string entries_text(const std::vector<Entry<Product>>& entries, const SectionSpec& base,
                         SectionSpec (*section_of)(const Entry<Product>&)) {
  std::string text;
  for (const Entry<Product>& entry : entries) {
    const SectionSpec spec = section_of(entry);
    const std::vector<KeySpec> own(spec.keys.begin() + static_cast<std::ptrdiff_t>(base.keys.size()), spec.keys.end());
    const std::string given = entry.variant.empty() ? entry.name : "{name: " + entry.name + ", variant: " + entry.variant + "}";
    text += "#### `" + base.name + ": " + given + "`\n\n" + entry.doc + "\n\n";
    text += own.empty() ? "No options of its own.\n\n" : table({}, own) + "\n";
  }
  return text;
}

std::string planned_text(const std::vector<std::string>& names) {
  return names.empty() ? "" : "Planned, not built yet: " + join(names) + ".\n\n";
}

}  // namespace

std::string options_markdown(const Registry& registry) {
  std::string text;
  for (const SectionSpec& spec : sections()) text += chapter(spec);
  text += chapter(strategy_section()) + planned_text(registry.planned_strategies());
  text += entries_text<Strategy>(registry.strategies(), strategy_section(), strategy_section);
  text += chapter(stopping_section()) + planned_text(registry.planned_policies());
  text += entries_text<StoppingPolicy>(registry.policies(), stopping_section(), stopping_section);
  text += chapter(health_section());
  text += entries_text<HealthRule>(registry.health_rules(), health_section(), health_section);
  while (text.ends_with("\n\n")) text.pop_back();
  return text;
}

}  // namespace tune::engine
