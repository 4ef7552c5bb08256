#include <algorithm>

#include "engine/config/config_parts.hpp"
#include "engine/config/initial_points.hpp"

namespace tune::engine {

namespace {

std::vector<std::string> names_of(const Space& space) {
  std::vector<std::string> names;
  for (const Parameter& parameter : space.parameters()) names.push_back(parameter.name);
  return names;
}

/// The texts of a categorical parameter, for hints.
std::vector<std::string> hints_of(const Parameter& parameter) {
  std::vector<std::string> words;
  for (const Value& value : parameter.values) {
    if (const auto* text = std::get_if<std::string>(&value)) words.push_back(*text);
  }
  return words;
}

Configuration read_point(const YamlNode& map, const std::string& where, const Space& space, Diagnostics& errors) {
  Configuration point(space.size());
  const std::size_t before = errors.count();
  for (const YamlMember& member : map.members) {
    const auto index = space.index_of(member.key);
    if (!index) {
      errors.unknown(member.mark, where, member.key, names_of(space));
      continue;
    }
    const Parameter& parameter = space[*index];
    point[*index] = value_of(parameter, scalar_value(member.value));
    if (!point[*index]) errors.refuse(member.value, below(where, member.key), allowed_values(parameter), hints_of(parameter));
  }
  if (errors.count() != before) return point;  // what is inactive depends on the values
  for (const YamlMember& member : map.members) {
    const std::string why = why_inactive(space, *space.index_of(member.key), point);
    if (!why.empty()) errors.add(member.mark, below(where, member.key), why);
  }
  return point;
}

}  // namespace

std::vector<Configuration> read_initial(const YamlNode& list, std::string_view path, const Space& space, Diagnostics& errors) {
  std::vector<Configuration> points;
  for (const YamlNode& item : list.items) {
    const std::string where = std::string(path) + "[" + std::to_string(points.size()) + "]";
    const std::size_t before = errors.count();
    Configuration point = read_point(item, where, space, errors);
    const auto same = std::find(points.begin(), points.end(), point);
    if (same != points.end() && errors.count() == before) {
      const auto first = std::to_string(same - points.begin());
      errors.add(item.mark, where, "is the same as " + std::string(path) + "[" + first + "]; allowed: each point once");
    }
    points.push_back(std::move(point));
  }
  return points;
}

}  // namespace tune::engine
