#include "engine/config/resolve_options.hpp"

#include <algorithm>

#include "engine/config/initial_points.hpp"
#include "engine/config/paths.hpp"

namespace tune::engine {

namespace {

/// The value as the option's type, or nothing when it is of another: a whole number is a float too.
std::optional<OptionValue> as_type(const OptionValue& value, OptionType type) {
  const bool whole = std::holds_alternative<std::int64_t>(value);
  const bool real = std::holds_alternative<double>(value);
  switch (type) {
    case OptionType::kBool:
      return std::holds_alternative<bool>(value) ? std::optional(value) : std::nullopt;
    case OptionType::kInt:
      return whole ? std::optional(value) : std::nullopt;
    case OptionType::kFloat:
      if (whole) return static_cast<double>(std::get<std::int64_t>(value));
      return real ? std::optional(value) : std::nullopt;
    case OptionType::kString:
    case OptionType::kMetrics:
      return std::holds_alternative<std::string>(value) ? std::optional(value) : std::nullopt;
    case OptionType::kIntOrShare:
      return whole || real ? std::optional(value) : std::nullopt;
    case OptionType::kIntOrMap:
      return whole || std::holds_alternative<std::map<std::string, std::int64_t>>(value) ? std::optional(value) : std::nullopt;
    case OptionType::kRules:
      return std::holds_alternative<std::vector<Named>>(value) ? std::optional(value) : std::nullopt;
  }
  return std::nullopt;
}

Status check_range(const std::string& where, const OptionSpec& spec, const OptionValue& value) {
  const auto outside = [&](double number) { return (spec.min && number < *spec.min) || (spec.max && number > *spec.max); };
  const auto range = [&] {
    return "; allowed: " + (spec.min ? to_text(*spec.min) : "-inf") + " to " + (spec.max ? to_text(*spec.max) : "inf");
  };
  if (const auto* whole = std::get_if<std::int64_t>(&value); whole != nullptr && outside(static_cast<double>(*whole))) {
    return Status::invalid(where + "given " + std::to_string(*whole) + range());
  }
  if (const auto* real = std::get_if<double>(&value); real != nullptr && (outside(*real) || *real != *real)) {
    return Status::invalid(where + "given " + to_text(*real) + range());
  }
  const auto* text = std::get_if<std::string>(&value);
  if (text != nullptr && !spec.allowed.empty() && std::ranges::find(spec.allowed, *text) == spec.allowed.end()) {
    std::string words;
    for (const std::string& word : spec.allowed) words += (words.empty() ? "" : " | ") + word;
    return Status::invalid(where + "given '" + *text + "'; allowed: " + words);
  }
  return {};
}

}  // namespace

Result<Options> resolve_options(const std::string& owner, const std::vector<OptionSpec>& specs, const Options& given) {
  Options resolved;
  for (const OptionSpec& spec : specs) {
    if (spec.default_value) resolved[spec.name] = *spec.default_value;
  }
  for (const auto& [name, value] : given) {
    const auto spec = std::ranges::find(specs, name, &OptionSpec::name);
    if (spec == specs.end()) return Status::invalid(owner + " has no option '" + name + "'");
    const std::string where = owner + ": " + name + ": ";
    const auto typed = as_type(value, spec->type);
    if (!typed) return Status::invalid(where + "the value is of the wrong type; " + spec->doc);
    TUNE_RETURN_IF_ERROR(check_range(where, *spec, *typed));
    resolved[name] = *typed;
  }
  for (const OptionSpec& spec : specs) {
    if (spec.required && !resolved.contains(spec.name))
      return Status::invalid(owner + ": " + spec.name + ": missing; allowed: " + spec.doc);
  }
  return resolved;
}

Result<Named> resolve_policy(const Registry& registry, const Named& given) {
  const Entry<StoppingPolicy>* entry = registry.find_policy(given.name, given.options);
  if (entry == nullptr) return Status::invalid("there is no early stopping rule '" + given.name + "'");
  const std::string owner = "rule '" + entry->name + "'";
  Result<Options> options = resolve_options(owner, entry->options, given.options);
  if (!options.ok()) return options.status();
  Named resolved{entry->name, *std::move(options)};
  for (const OptionSpec& spec : entry->options) {
    if (spec.type != OptionType::kRules) continue;
    auto& rules = std::get<std::vector<Named>>(resolved.options.at(spec.name));
    if (rules.empty()) return Status::invalid(owner + ": " + spec.name + ": given none; allowed: a list of at least one rule");
    for (Named& rule : rules) {
      Result<Named> part = resolve_policy(registry, rule);
      if (!part.ok()) return Status::invalid(owner + ": " + part.status().message());
      rule = *std::move(part);
    }
  }
  return resolved;
}

Result<StudySpec> resolve_recorded(StudySpec spec, const Registry& registry) {
  const auto resolve = [](const char* kind, const auto* entry, Options& options) -> Status {
    if (entry == nullptr) return {};
    Result<Options> resolved = resolve_options(kind + (" '" + entry->name + "'"), entry->options, options);
    if (resolved.ok()) options = *std::move(resolved);
    return resolved.status();
  };
  TUNE_RETURN_IF_ERROR(resolve("strategy", registry.find_strategy(spec.strategy.name), spec.strategy.options));
  for (HealthSpec& health : spec.rules)
    TUNE_RETURN_IF_ERROR(resolve("health rule", registry.find_health_rule(health.rule.name), health.rule.options));
  if (!spec.stopping || registry.find_policy(spec.stopping->policy.name, spec.stopping->policy.options) == nullptr) return spec;
  Result<Named> policy = resolve_policy(registry, spec.stopping->policy);
  if (!policy.ok()) return policy.status();
  spec.stopping->policy = *std::move(policy);
  return spec;
}

namespace {

Result<Configuration> resolve_point(const Space& space, const NamedValues& given) {
  Configuration point(space.size());
  if (given.empty()) return Status::invalid("has no value; allowed: at least one parameter's");
  for (const auto& [name, value] : given) {
    const auto index = space.index_of(name);
    if (!index) return Status::invalid("there is no parameter '" + name + "'");
    if (point[*index]) return Status::invalid("parameter '" + name + "' is there twice");
    point[*index] = value_of(space[*index], value);
    if (!point[*index]) {
      return Status::invalid("parameter '" + name + "': given " + to_text(value) + "; allowed: " + allowed_values(space[*index]));
    }
  }
  for (std::size_t i = 0; i < space.size(); ++i) {
    const std::string why = point[i] ? why_inactive(space, i, point) : "";
    if (!why.empty()) return Status::invalid("parameter '" + space[i].name + "' " + why);
  }
  return point;
}

}  // namespace

Result<std::vector<Configuration>> resolve_initial(const Space& space, const std::vector<NamedValues>& given) {
  std::vector<Configuration> points;
  for (const NamedValues& one : given) {
    const std::string where = "initial[" + std::to_string(points.size()) + "]: ";
    Result<Configuration> point = resolve_point(space, one);
    if (!point.ok()) return Status::invalid(where + point.status().message());
    const auto same = std::ranges::find(points, *point);
    if (same != points.end())
      return Status::invalid(where + "is the same as initial[" + std::to_string(same - points.begin()) + "]");
    points.push_back(*std::move(point));
  }
  return points;
}

Result<WarmStart> resolve_warm_start(const WarmStart& given) {
  if (given.studies.empty() || given.studies.size() > kMaxEarlierStudies) {
    return Status::invalid("warm_start: given " + std::to_string(given.studies.size()) + " studies; allowed: 1 to " +
                           std::to_string(kMaxEarlierStudies));
  }
  WarmStart resolved{{}, given.type};
  for (const std::string& directory : given.studies) {
    if (directory.empty()) return Status::invalid("warm_start: given '" + directory + "'; allowed: a study's directory");
    std::string path = absolute_path(directory);
    if (std::ranges::find(resolved.studies, path) != resolved.studies.end())
      return Status::invalid("warm_start: " + directory + " is given twice; allowed: each study once");
    resolved.studies.push_back(std::move(path));
  }
  return resolved;
}

}  // namespace tune::engine
