#include <algorithm>
#include <array>
#include <map>

#include "engine/config/config_parts.hpp"

namespace tune::engine {

namespace {

using Kind = YamlNode::Kind;

struct Written {
  const YamlMember* member = nullptr;
  Parameter parameter;
  bool good = false;
  bool placed = false;
};

Scale to_scale(const std::string& text) {
  return text == "linear"        ? Scale::kLinear
         : text == "log"         ? Scale::kLog
         : text == "reverse_log" ? Scale::kReverseLog
                                 : Scale::kAuto;
}

std::optional<Prior> read_prior(const YamlNode* node, const std::string& path, ParameterType type, Diagnostics& errors) {
  if (node == nullptr) return std::nullopt;
  const SectionReader reader(*node, path, section("prior"), errors);
  const YamlNode* value = reader.find("value");
  if (value == nullptr) return std::nullopt;
  Prior prior{.value = scalar_value(*value)};
  if (type == ParameterType::kFloat && value->kind == Kind::kInt) prior.value = value->number;
  const std::string confidence = reader.text("confidence").value_or("medium");
  prior.confidence = confidence == "low" ? Confidence::kLow : confidence == "high" ? Confidence::kHigh : Confidence::kMedium;
  return prior;
}

const std::vector<std::string>& type_names() {
  static const std::vector<std::string> kNames{"float", "int", "categorical"};
  return kNames;
}

std::optional<Condition> read_condition(const YamlNode* node, const std::string& path, Diagnostics& errors) {
  if (node == nullptr) return std::nullopt;
  Condition condition;
  condition.parameter = node->members[0].key;
  const YamlNode& values = node->members[0].value;
  const std::string where = below(path, condition.parameter);
  if (values.items.size() > kMaxCategoricalValues)
    errors.refuse(values, where, "up to " + std::to_string(kMaxCategoricalValues) + " values");
  if (values.is_scalar()) condition.values.push_back(scalar_value(values));
  for (std::size_t i = 0; i < std::min(values.items.size(), kMaxCategoricalValues); ++i) {
    if (values.items[i].is_scalar()) {
      condition.values.push_back(scalar_value(values.items[i]));
    } else {
      errors.refuse(values.items[i], where + "[" + std::to_string(i) + "]", "a value of '" + condition.parameter + "'");
    }
  }
  if (condition.values.empty()) errors.refuse(values, where, "a value of '" + condition.parameter + "', or a list of them");
  return condition;
}

void refuse_typeless(const YamlNode& node, const std::string& where, Diagnostics& errors) {
  const std::vector<std::string> type_key{"type"};
  for (const YamlMember& member : node.members) {
    if (nearest(member.key, type_key).empty()) continue;
    const std::vector<std::string> known{"type", "min", "max", "values", "scale", "step", "prior", "when"};
    return errors.unknown(member.mark, where, member.key, known);
  }
  errors.add(node.mark, below(where, "type"), "missing; allowed: " + join(type_names(), " | "));
}

/// Integers that a double does not hold would change silently.
void check_exact(const YamlNode* bound, const std::string& path, Diagnostics& errors) {
  constexpr auto kMax = static_cast<std::int64_t>(kMaxExactInteger);
  if (bound == nullptr || bound->kind != Kind::kInt || (bound->whole >= -kMax && bound->whole <= kMax)) return;
  errors.refuse(*bound, path, "whole numbers within +-2^53");
}

/// A parameter whose keys are right; its numbers are judged when it joins the space.
void read_parameter(Written& written, std::string_view path, Diagnostics& errors) {
  const YamlNode& node = written.member->value;
  const std::string where = below(path, written.member->key);
  if (node.kind != Kind::kMap) return errors.refuse(node, where, "a map with type, ...");
  const YamlNode* type = node.find("type");
  if (type == nullptr) return refuse_typeless(node, where, errors);
  const bool known =
      type->kind == Kind::kText && std::find(type_names().begin(), type_names().end(), type->text) != type_names().end();
  if (!known) return errors.refuse(*type, below(where, "type"), join(type_names(), " | "), type_names());

  const std::size_t before = errors.count();
  const SectionReader reader(node, where, section("parameters." + type->text), errors);
  Parameter& parameter = written.parameter;
  parameter.name = written.member->key;
  parameter.type = type->text == "float" ? ParameterType::kFloat
                   : type->text == "int" ? ParameterType::kInt
                                         : ParameterType::kCategorical;
  parameter.min = reader.number("min").value_or(0.0);
  parameter.max = reader.number("max").value_or(1.0);
  check_exact(reader.find("min"), reader.path("min"), errors);
  check_exact(reader.find("max"), reader.path("max"), errors);
  parameter.scale = to_scale(reader.text("scale").value_or("auto"));
  parameter.step = reader.number("step");
  if (const YamlNode* values = reader.find("values")) {
    for (const YamlNode& value : values->items) parameter.values.push_back(scalar_value(value));
  }
  parameter.prior = read_prior(reader.find("prior"), reader.path("prior"), parameter.type, errors);
  parameter.when = read_condition(reader.find("when"), reader.path("when"), errors);
  written.good = errors.count() == before;
}

/// What Space::check says without naming the parameter again: the key already does.
std::string without_name(const std::string& message, const std::string& name) {
  const std::string prefix = "parameter '" + name + "': ";
  return message.starts_with(prefix) ? message.substr(prefix.size()) : message;
}

class Placer {
 public:
  Placer(std::vector<Written>& all, std::string_view path, Diagnostics& errors) : all_(all), path_(path), errors_(errors) {}

  void place(Written& written) {
    if (written.placed || !written.good) return;
    written.placed = true;
    const YamlNode& node = written.member->value;
    const std::string where = below(path_, written.member->key);
    if (written.parameter.when && !place_parent(written, where)) return;
    if (const Status checked = space_.check(written.parameter); !checked.ok()) {
      errors_.add(culprit(node, checked.message()), where, without_name(checked.message(), written.parameter.name));
      return;
    }
    space_.add(written.parameter);
  }
  [[nodiscard]] Space take() { return std::move(space_); }

 private:
  /// Sees to it that the parent is in the space; false when there is no use in going on.
  bool place_parent(const Written& child, const std::string& where) {
    const Condition& when = *child.parameter.when;
    const YamlMember& member = child.member->value.find("when")->members[0];
    const auto parent =
        std::find_if(all_.begin(), all_.end(), [&](const Written& one) { return one.member->key == when.parameter; });
    if (parent == all_.end()) {
      std::vector<std::string> names;
      for (const Written& one : all_) names.push_back(one.member->key);
      errors_.unknown(member.mark, where + ".when", when.parameter, names);
      return false;
    }
    if (!parent->good) return false;  // its own error is enough
    if (parent->parameter.when) {
      errors_.planned(member.mark, where + ".when." + when.parameter,
                      "nested when: '" + when.parameter + "' is conditional itself");
      return false;
    }
    place(*parent);
    return space_.index_of(when.parameter).has_value();
  }

  /// The value that a message of Space::check is about.
  static YamlMark culprit(const YamlNode& node, const std::string& message) {
    constexpr std::array<std::pair<std::string_view, std::string_view>, 7> kAbout{{{": when", "when"},
                                                                                   {": prior", "prior"},
                                                                                   {": scale", "scale"},
                                                                                   {": step", "step"},
                                                                                   {": the step", "step"},
                                                                                   {": value '", "values"},
                                                                                   {"min ", "min"}}};
    for (const auto& [phrase, key] : kAbout) {
      const YamlNode* found = node.find(key);
      if (found != nullptr && message.find(phrase) != std::string::npos) return found->mark;
    }
    const YamlNode* min = node.find("min");
    return min != nullptr ? min->mark : node.mark;
  }

  std::vector<Written>& all_;
  std::string_view path_;
  Diagnostics& errors_;
  Space space_;
};

}  // namespace

Value scalar_value(const YamlNode& node) {
  switch (node.kind) {
    case Kind::kBool:
      return node.flag;
    case Kind::kInt:
      return node.whole;
    case Kind::kFloat:
      return node.number;
    default:
      return node.text;
  }
}

Space read_parameters(const YamlNode& map, std::string_view path, Diagnostics& errors) {
  std::vector<Written> all;
  for (const YamlMember& member : map.members) {
    Written written;
    written.member = &member;
    read_parameter(written, path, errors);
    all.push_back(std::move(written));
  }
  Placer placer(all, path, errors);
  for (Written& written : all) placer.place(written);
  return placer.take();
}

}  // namespace tune::engine
