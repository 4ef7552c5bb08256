#include <algorithm>

#include "engine/config/config_parts.hpp"

namespace tune::engine {

namespace {

using Kind = YamlNode::Kind;
/// Gives the keys of the map that names an entry.
using SectionOf = SectionSpec (*)(const Entry<StoppingPolicy>&);

constexpr std::string_view kOptionPath = "--early-stopping";

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

void check_parameter_names(const YamlNode& map, const std::string& path, const Space& space, Diagnostics& errors) {
  std::vector<std::string> names;
  for (const Parameter& parameter : space.parameters()) names.push_back(parameter.name);
  for (const YamlMember& member : map.members) {
    if (!space.index_of(member.key)) errors.unknown(member.mark, path, member.key, names);
  }
}

/// What names are looked up in.
struct Known {
  const Registry& registry;
  const Space& space;
  bool space_ok;  ///< the space may be shown to those that are named
};

std::vector<Named> read_parts(const YamlNode& list, const std::string& path, const Known& known, Diagnostics& errors);

/// The entry's options as given, defaults filled in.
template <typename Product>
NamedOptions resolve(const Entry<Product>& entry, const SectionReader& reader, const Known& known, Diagnostics& errors) {
  NamedOptions named{.name = entry.name, .options = {}};
  for (const OptionSpec& spec : entry.options) {
    const YamlNode* node = reader.find(spec.name);
    if (node != nullptr && node->kind == Kind::kMap && known.space_ok)
      check_parameter_names(*node, reader.path(spec.name), known.space, errors);
    if (node != nullptr && spec.type == OptionType::kRules) {
      named.options[spec.name] = read_parts(*node, reader.path(spec.name), known, errors);
    } else if (node != nullptr) {
      named.options[spec.name] = option_value(*node, spec.type);
    } else if (spec.default_value) {
      named.options[spec.name] = *spec.default_value;
    }
  }
  return named;
}

const YamlNode& name_node(const YamlNode& node) {
  const YamlNode* name = node.kind == Kind::kMap ? node.find("name") : nullptr;
  return name != nullptr ? *name : node;
}

/// A policy as a config names it: the entry, and the keys that its map may have.
struct PolicyChoice {
  const Entry<StoppingPolicy>* entry = nullptr;
  SectionSpec section;
};

/// The policy that `name` and perhaps `variant` of the map stand for; what they do not is reported. `names` are the words allowed
/// beside the policies'.
PolicyChoice find_policy(const Registry& registry, const YamlNode& node, const std::string& path, SectionOf section_of,
                         const std::vector<std::string>& names, Diagnostics& errors) {
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
    if (choice.entry != nullptr) choice.section = section_of(*choice.entry);
    return choice;
  }
  choice.entry = find_entry(registry.policies(), registry.planned_policies(), name, path, names, errors);
  if (choice.entry == nullptr) return choice;
  choice.section = section_of(*choice.entry);
  if (!variants.empty()) {
    choice.section.keys.push_back(
        {.name = "variant", .default_text = "none", .doc = "Another system's rule.", .allowed = variants});
  }
  return choice;
}

/// A policy with those that it is made of, and the consent of each. None when it is wrong, which is reported.
std::optional<NamedOptions> read_policy(const PolicyChoice& choice, const YamlNode& node, const SectionReader& reader,
                                        const std::string& path, const Known& known, std::size_t errors_before,
                                        Diagnostics& errors) {
  NamedOptions policy = resolve(*choice.entry, reader, known, errors);
  if (errors.count() != errors_before) return std::nullopt;
  if (!known.space_ok) return policy;
  if (const auto made = known.registry.make_policy(known.space, policy); !made.ok()) {
    errors.add(name_node(node).mark, path, made.status().message());
    return std::nullopt;
  }
  return policy;
}

/// A policy that is named by its own options alone: one that another is made of, or one of the command line.
std::optional<NamedOptions> read_rule(const YamlNode& node, const std::string& path, const Known& known,
                                      const std::vector<std::string>& names, Diagnostics& errors) {
  const std::size_t before = errors.count();
  if (node.kind == Kind::kMap && node.find("name") == nullptr) {
    errors.add(node.mark, below(path, "name"), "missing; allowed: the name of a stopping policy");
    return std::nullopt;
  }
  const PolicyChoice choice = find_policy(known.registry, node, path, rule_section, names, errors);
  if (choice.entry == nullptr) return std::nullopt;
  const SectionReader reader(node, path, choice.section, errors);
  return read_policy(choice, node, reader, path, known, before, errors);
}

std::vector<Named> read_parts(const YamlNode& list, const std::string& path, const Known& known, Diagnostics& errors) {
  std::vector<Named> rules;
  for (std::size_t i = 0; i < list.items.size(); ++i) {
    auto rule = read_rule(list.items[i], path + "[" + std::to_string(i) + "]", known, {}, errors);
    if (rule) rules.push_back(*std::move(rule));
  }
  return rules;
}

}  // namespace

Result<YamlNode> inline_rule(std::string_view text) {
  const std::string where(kOptionPath);
  if (text.starts_with('{')) {
    YamlDocument document = parse_yaml(text);
    if (document.problems.empty()) return std::move(document.root);
    return Status::invalid(where + ": " + document.problems.front().message);
  }
  const std::size_t colon = std::min(text.find(':'), text.size());
  YamlNode name;
  name.kind = Kind::kText;
  name.text = std::string(text.substr(0, colon));
  YamlNode map;
  map.kind = Kind::kMap;
  map.members.push_back({"name", {}, name});
  text.remove_prefix(std::min(text.size(), colon + 1));
  while (!text.empty()) {
    const std::string_view item = text.substr(0, text.find(','));
    text.remove_prefix(std::min(text.size(), item.size() + 1));
    const std::size_t equals = item.find('=');
    if (equals == 0 || equals == std::string_view::npos) {
      return Status::invalid(where + ": given '" + std::string(item) +
                             "'; allowed: NAME, off, NAME:key=value,key=value, '{name: NAME, key: value}'");
    }
    const std::string key(item.substr(0, equals));
    if (map.find(key) != nullptr) return Status::invalid(where + ": " + key + ": given twice");
    map.members.push_back({key, {}, plain_scalar(std::string(item.substr(equals + 1)))});
  }
  return map;
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
    case OptionType::kMetrics:
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
    case OptionType::kRules:
      break;  // they need the registry: read_rules
  }
  return false;
}

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
  choice.strategy = resolve(*entry, reader, {registry, space, space_ok}, errors);
  if (space_ok && errors.count() == before) {
    const auto made = entry->make(space, choice.strategy.options);
    if (!made.ok()) errors.add(name.mark, path, made.status().message());
  }
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
  const PolicyChoice choice = find_policy(registry, node, where, stopping_section, {std::string(kOff)}, errors);
  if (choice.entry == nullptr) return std::nullopt;
  const SectionReader reader(node, where, choice.section, errors);
  auto policy = read_policy(choice, node, reader, where, {registry, space, space_ok}, before, errors);
  if (!policy) return std::nullopt;
  StoppingSpec spec;
  spec.explain_all = reader.text("explain") == "all";
  spec.protect_best = static_cast<int>(reader.whole("protect_best").value_or(0));
  spec.min_runtime = reader.duration("min_runtime");
  spec.audit_given = reader.find("audit") != nullptr;
  spec.audit = reader.share("audit").value_or(choice.entry->audit_share);
  spec.policy = *std::move(policy);
  return spec;
}

Result<std::optional<NamedOptions>> parse_stopping(std::string_view text, const Registry& registry, const Space& space) {
  if (text == kOff) return std::optional<NamedOptions>();
  const auto node = inline_rule(text);
  if (!node.ok()) return node.status();
  Diagnostics errors("");
  auto rule = read_rule(*node, std::string(kOptionPath), {registry, space, true}, {std::string(kOff)}, errors);
  if (!errors.empty()) return errors.plain_status();
  return rule;
}

}  // namespace tune::engine
