#include <algorithm>

#include "engine/config/command.hpp"
#include "engine/config/config_parts.hpp"

namespace tune::engine {

namespace {

struct Names {
  std::vector<std::string> all;
  const Space& space;

  [[nodiscard]] bool conditional(std::string_view name) const {
    const auto index = space.index_of(name);
    return index && space[*index].when;
  }
};

std::string checked_word(const YamlNode& node, const std::string& path, bool optional, const Names& names, Diagnostics& errors) {
  if (node.text.find('\0') != std::string::npos) errors.refuse(node, path, "text without NUL");
  const auto pieces = split_word(node.text);
  if (!pieces) {
    errors.add(node.mark, path, "given " + shown(node) + "; " + pieces.status().message());
    return "";
  }
  for (const WordPiece& piece : *pieces) {
    if (!piece.placeholder) continue;
    if (std::find(names.all.begin(), names.all.end(), piece.text) == names.all.end()) {
      std::string message =
          "given " + shown(node) + "; '" + piece.text + "' is no parameter and no static value; allowed: " + join(names.all);
      if (const std::string near = nearest(piece.text, names.all); !near.empty()) message += "; did you mean '" + near + "'?";
      errors.add(node.mark, path, message);
    } else if (!optional && names.conditional(piece.text)) {
      errors.add(node.mark, path,
                 "given " + shown(node) + "; '" + piece.text +
                     "' is conditional; allowed: inside a nested list, which is dropped while it is inactive");
    }
  }
  return node.text;
}

}  // namespace

std::vector<CommandPart> read_command(const YamlNode& list, std::string_view path, const Space& space,
                                      const std::vector<std::pair<std::string, Value>>& static_values, Diagnostics& errors) {
  Names names{{}, space};
  for (const Parameter& parameter : space.parameters()) names.all.push_back(parameter.name);
  for (const auto& [name, value] : static_values) names.all.push_back(name);
  std::vector<CommandPart> command;
  for (std::size_t i = 0; i < list.items.size(); ++i) {
    const YamlNode& item = list.items[i];
    const std::string where = std::string(path) + "[" + std::to_string(i) + "]";
    CommandPart part;
    part.optional = item.kind == YamlNode::Kind::kList;
    if (part.optional && i == 0) errors.refuse(item, where, "the program to run");
    if (!part.optional && i == 0 && item.text.empty()) errors.refuse(item, where, "the program to run");
    if (!part.optional) part.words.push_back(checked_word(item, where, false, names, errors));
    for (std::size_t j = 0; j < item.items.size(); ++j) {
      part.words.push_back(checked_word(item.items[j], where + "[" + std::to_string(j) + "]", true, names, errors));
    }
    command.push_back(std::move(part));
  }
  return command;
}

}  // namespace tune::engine
