#include <algorithm>

#include "engine/config/config_parts.hpp"
#include "engine/text/printable.hpp"

namespace tune::engine {

namespace {

using Kind = YamlNode::Kind;

/// The places of a value that was not in the file: where the file has what it replaces.
void move_to(YamlNode& node, YamlMark mark) {
  node.mark = mark;
  for (YamlNode& item : node.items) move_to(item, mark);
  for (YamlMember& member : node.members) {
    member.mark = mark;
    move_to(member.value, mark);
  }
}

/// `median:min_trials=3` at `early_stopping`, as behind --early-stopping; anything else as YAML.
Result<YamlNode> value_of(const std::string& path, const std::string& text) {
  if (path == "early_stopping" && text.find(':') != std::string::npos && !text.starts_with('{')) return inline_rule(text);
  YamlDocument document = parse_yaml(text);
  if (!document.problems.empty()) return Status::invalid(document.problems.front().message);
  return std::move(document.root);
}

/// The map at `path` below `root`, made where there is none; what stands there as text alone becomes what it is short for.
YamlNode* map_at(YamlNode& root, const std::vector<std::string>& keys) {
  YamlNode* at = &root;
  for (const std::string& key : keys) {
    auto member = std::ranges::find(at->members, key, &YamlMember::key);
    if (member == at->members.end()) member = at->members.insert(member, {key, at->mark, {}});
    YamlNode& value = member->value;
    const bool named = at == &root && (key == "early_stopping" || key == "strategy");
    if (named && value.kind == Kind::kText) {
      YamlNode map;
      map.mark = value.mark;
      map.members.push_back({"name", value.mark, value});
      value = std::move(map);
    }
    if (value.kind != Kind::kMap && value.kind != Kind::kNull) return nullptr;
    value.kind = Kind::kMap;
    at = &value;
  }
  return at;
}

}  // namespace

Status apply_setting(YamlNode& root, const std::string& setting) {
  const std::size_t equals = setting.find('=');
  if (equals == 0 || equals == std::string::npos)
    return Status::invalid("given '" + printable(setting) +
                           "'; allowed: KEY=VALUE, as in early_stopping=off or limits.max_parallel=4");
  const std::string path = setting.substr(0, equals);
  Result<YamlNode> value = value_of(path, setting.substr(equals + 1));
  // On its way to a person, and into files, like the rest of a config.
  const std::string quoted = "'" + printable(may_be_secret(path) ? path : setting) + "': ";
  if (!value.ok()) return Status::invalid(quoted + printable(value.status().message()));
  std::vector<std::string> keys;
  for (std::size_t at = 0; at <= path.size();) {
    const std::size_t dot = std::min(path.find('.', at), path.size());
    keys.push_back(path.substr(at, dot - at));
    at = dot + 1;
  }
  const std::string last = keys.back();
  keys.pop_back();
  YamlNode* map = map_at(root, keys);
  if (map == nullptr) return Status::invalid(quoted + "the config has no map at " + printable(join(keys, ".")));
  const auto member = std::ranges::find(map->members, last, &YamlMember::key);
  if (member == map->members.end()) {
    move_to(*value, map->mark);
    map->members.push_back({last, map->mark, *std::move(value)});
  } else {
    move_to(*value, member->value.mark);
    member->value = *std::move(value);
  }
  return {};
}

}  // namespace tune::engine
