#include <algorithm>

#include "engine/config/config_parts.hpp"

namespace tune::engine {

namespace {

using Kind = YamlNode::Kind;

/// The entry that `name` names; unknown and planned names are reported. `names` are the words allowed beside the entries'.
template <typename Product>
const Entry<Product>* find_entry(const std::vector<Entry<Product>>& entries, const std::vector<std::string>& planned,
                                 const YamlNode& name, const std::string& path, std::vector<std::string> names,
                                 Diagnostics& errors) {
  for (const Entry<Product>& entry : entries) {
    if (!entry.variant.empty()) continue;
    if (name.kind == Kind::kText && name.text == entry.name) return &entry;
    names.push_back(entry.name);
  }
  if (name.kind == Kind::kText && std::find(planned.begin(), planned.end(), name.text) != planned.end()) {
    errors.planned(name.mark, path, "given " + shown(name) + "; allowed: " + join(names, " | "));
  } else {
    errors.refuse(name, path, join(names, " | "), names);
  }
  return nullptr;
}

OptionValue option_value(const YamlNode& node, OptionType type) {
  switch (type) {
    case OptionType::kBool:
      return node.flag;
    case OptionType::kInt:
      return node.whole;
    case OptionType::kFloat:
      return node.number;
    case OptionType::kString:
      return node.text;
    case OptionType::kIntOrShare: {
      if (node.kind == Kind::kInt) return node.whole;
      return read_share(node).value_or(0.0);
    }
    case OptionType::kIntOrMap: {
      if (node.kind == Kind::kInt) return node.whole;
      std::map<std::string, std::int64_t> map;
      for (const YamlMember& member : node.members) map[member.key] = member.value.whole;
      return map;
    }
  }
  return false;
}

void check_parameter_names(const YamlNode& map, const std::string& path, const Space& space, Diagnostics& errors) {
  std::vector<std::string> names;
  for (const Parameter& parameter : space.parameters()) names.push_back(parameter.name);
  for (const YamlMember& member : map.members) {
    if (!space.index_of(member.key)) errors.unknown(member.mark, path, member.key, names);
  }
}

/// The entry's options as given, defaults filled in, and the entry's consent.
template <typename Product>
NamedOptions resolve(const Entry<Product>& entry, const SectionReader& reader, YamlMark mark, const std::string& path,
                     const Space& space, bool space_ok, std::size_t errors_before, Diagnostics& errors) {
  NamedOptions named{.name = entry.name, .options = {}};
  for (const OptionSpec& spec : entry.options) {
    const YamlNode* node = reader.find(spec.name);
    if (node != nullptr && node->kind == Kind::kMap && space_ok)
      check_parameter_names(*node, reader.path(spec.name), space, errors);
    if (node != nullptr) {
      named.options[spec.name] = option_value(*node, spec.type);
    } else if (spec.default_value) {
      named.options[spec.name] = *spec.default_value;
    }
  }
  if (!space_ok || errors.count() != errors_before) return named;
  if (const auto made = entry.make(space, named.options); !made.ok()) errors.add(mark, path, made.status().message());
  return named;
}

const YamlNode& name_node(const YamlNode& node) {
  const YamlNode* name = node.kind == Kind::kMap ? node.find("name") : nullptr;
  return name != nullptr ? *name : node;
}

/// `key=value,key=value` as the map it stands for.
Result<YamlNode> inline_options(std::string_view name, std::string_view text) {
  YamlNode map;
  map.kind = Kind::kMap;
  YamlNode named;
  named.kind = Kind::kText;
  named.text = std::string(name);
  map.members.push_back({"name", {}, named});
  while (!text.empty()) {
    const std::string_view item = text.substr(0, text.find(','));
    text.remove_prefix(std::min(text.size(), item.size() + 1));
    const std::size_t equals = item.find('=');
    if (equals == 0 || equals == std::string_view::npos) {
      return Status::invalid("--early-stopping: given '" + std::string(item) + "'; allowed: NAME, off, NAME:key=value,key=value");
    }
    const std::string key(item.substr(0, equals));
    if (map.find(key) != nullptr) return Status::invalid("--early-stopping: " + key + ": given twice");
    map.members.push_back({key, {}, plain_scalar(std::string(item.substr(equals + 1)))});
  }
  return map;
}

/// A policy as a config names it: the entry, and the keys that its map may have.
struct PolicyChoice {
  const Entry<StoppingPolicy>* entry = nullptr;
  SectionSpec section;
};

/// The policy that `name` and perhaps `variant` of the map stand for; what they do not is reported.
PolicyChoice find_policy(const Registry& registry, const YamlNode& node, const std::string& path, Diagnostics& errors) {
  PolicyChoice choice;
  const YamlNode& name = name_node(node);
  std::vector<std::string> variants;
  for (const auto& entry : registry.policies()) {
    if (name.kind == Kind::kText && entry.name == name.text && !entry.variant.empty()) variants.push_back(entry.variant);
  }
  const YamlNode* variant = node.kind == Kind::kMap ? node.find("variant") : nullptr;
  if (variant != nullptr && !variants.empty()) {
    choice.entry = variant->kind == Kind::kText ? registry.find_policy(name.text, variant->text) : nullptr;
    if (choice.entry == nullptr) errors.refuse(*variant, below(path, "variant"), join(variants, " | "), variants);
    if (choice.entry != nullptr) choice.section = stopping_section(*choice.entry);
    return choice;
  }
  choice.entry = find_entry(registry.policies(), registry.planned_policies(), name, path, {std::string(kOff)}, errors);
  if (choice.entry == nullptr) return choice;
  choice.section = stopping_section(*choice.entry);
  if (!variants.empty()) {
    choice.section.keys.push_back(
        {.name = "variant", .default_text = "none", .doc = "Another system's rule.", .allowed = variants});
  }
  return choice;
}

}  // namespace

StrategyChoice read_strategy(const YamlNode* node, YamlMark top, std::string_view path, const Registry& registry,
                             const Space& space, bool space_ok, Diagnostics& errors) {
  YamlNode standard;
  standard.kind = Kind::kText;
  standard.text = std::string(kDefaultStrategy);
  standard.mark = node != nullptr ? node->mark : top;
  const bool named = node != nullptr && node->kind != Kind::kNull && (node->kind != Kind::kMap || node->find("name") != nullptr);
  const YamlNode& name = named ? name_node(*node) : standard;
  const std::size_t before = errors.count();
  const Entry<Strategy>* entry =
      find_entry(registry.strategies(), registry.planned_strategies(), name, std::string(path), {}, errors);
  if (entry == nullptr) return {};
  const YamlNode& map = node != nullptr && node->kind != Kind::kNull ? *node : standard;
  const SectionReader reader(map, std::string(path), strategy_section(*entry), errors);
  StrategyChoice choice;
  choice.seed = static_cast<std::uint64_t>(reader.whole("seed").value_or(0));
  choice.lookahead = static_cast<int>(reader.whole("lookahead").value_or(0));
  choice.strategy = resolve(*entry, reader, name.mark, std::string(path), space, space_ok, before, errors);
  return choice;
}

std::optional<StoppingSpec> read_stopping(const YamlNode& node, std::string_view path, const Registry& registry,
                                          const Space& space, bool space_ok, Diagnostics& errors) {
  if (node.kind == Kind::kText && node.text == kOff) return std::nullopt;
  const std::string where(path);
  if (node.kind == Kind::kMap && node.find("name") == nullptr) {
    errors.add(node.mark, below(where, "name"), "missing; allowed: the name of a stopping policy");
    return std::nullopt;
  }
  const std::size_t before = errors.count();
  const PolicyChoice choice = find_policy(registry, node, where, errors);
  const Entry<StoppingPolicy>* entry = choice.entry;
  if (entry == nullptr) return std::nullopt;
  const SectionReader reader(node, where, choice.section, errors);
  StoppingSpec spec;
  spec.explain_all = reader.text("explain") == "all";
  spec.protect_best = static_cast<int>(reader.whole("protect_best").value_or(0));
  spec.min_runtime = reader.duration("min_runtime");
  spec.policy = resolve(*entry, reader, name_node(node).mark, where, space, space_ok, before, errors);
  return spec;
}

Result<std::optional<NamedOptions>> parse_stopping(std::string_view text, const Registry& registry, const Space& space) {
  if (text == kOff) return std::optional<NamedOptions>();
  const std::size_t colon = std::min(text.find(':'), text.size());
  auto map = inline_options(text.substr(0, colon), text.substr(std::min(text.size(), colon + 1)));
  if (!map) return map.status();
  Diagnostics errors("");
  const std::string path = "--early-stopping";
  const PolicyChoice choice = find_policy(registry, *map, path, errors);
  const Entry<StoppingPolicy>* entry = choice.entry;
  if (entry == nullptr) return errors.plain_status();
  SectionSpec options = choice.section;
  std::erase_if(options.keys, [&](const KeySpec& key) {
    return key.name != "name" &&
           std::none_of(entry->options.begin(), entry->options.end(), [&](const OptionSpec& o) { return o.name == key.name; });
  });
  const SectionReader reader(*map, path, options, errors);
  NamedOptions named = resolve(*entry, reader, {}, path, space, true, 0, errors);
  if (!errors.empty()) return errors.plain_status();
  return std::optional(std::move(named));
}

}  // namespace tune::engine
