#include "engine/config/spec_json.hpp"

#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "engine/config/diagnostics.hpp"
#include "engine/config/spec_words.hpp"

namespace tune::engine {

namespace {

using Json = nlohmann::ordered_json;

Json number_json(double number) {
  if (std::isfinite(number)) return number;
  return std::isnan(number) ? "NaN" : number > 0 ? "Infinity" : "-Infinity";
}

Json value_to_json(const Value& value) {
  if (const auto* number = std::get_if<double>(&value)) {
    if (!std::isfinite(*number)) return Json{{"number", number_json(*number)}};
    return *number;
  }
  return std::visit([](const auto& held) { return Json(held); }, value);
}

Json named_json(const NamedOptions& named);

Json option_to_json(const OptionValue& value) {
  if (const auto* rules = std::get_if<std::vector<Named>>(&value)) {
    Json list = Json::array();
    for (const Named& rule : *rules) list.push_back(named_json(rule));
    return Json{{"rules", std::move(list)}};
  }
  if (const auto* map = std::get_if<std::map<std::string, std::int64_t>>(&value)) {
    Json entries = Json::object();
    for (const auto& [key, whole] : *map) entries[key] = whole;
    return Json{{"map", std::move(entries)}};
  }
  if (const auto* number = std::get_if<double>(&value)) return value_to_json(*number);
  if (const auto* whole = std::get_if<std::int64_t>(&value)) return *whole;
  if (const auto* flag = std::get_if<bool>(&value)) return *flag;
  return std::get<std::string>(value);
}

template <typename T>
Json optional_json(const std::optional<T>& value) {
  if (!value) return nullptr;
  if constexpr (std::is_same_v<T, Duration>) {
    return value->count();
  } else if constexpr (std::is_same_v<T, double>) {
    return number_json(*value);
  } else {
    return *value;
  }
}

Json values_json(const std::vector<Value>& values) {
  Json list = Json::array();
  for (const Value& value : values) list.push_back(value_to_json(value));
  return list;
}

Json parameter_json(const Parameter& parameter) {
  Json json{{"name", parameter.name}, {"type", type_name(parameter.type)}};
  if (parameter.is_numeric()) {
    json["min"] = number_json(parameter.min);
    json["max"] = number_json(parameter.max);
    json["scale"] = scale_name(parameter.scale);
    json["step"] = optional_json(parameter.step);
  } else {
    json["values"] = values_json(parameter.values);
  }
  json["prior"] = nullptr;
  if (parameter.prior) {
    json["prior"] =
        Json{{"value", value_to_json(parameter.prior->value)}, {"confidence", confidence_name(parameter.prior->confidence)}};
  }
  json["when"] = nullptr;
  if (parameter.when)
    json["when"] = Json{{"parameter", parameter.when->parameter}, {"values", values_json(parameter.when->values)}};
  return json;
}

Json point_json(const Space& space, const Configuration& point) {
  Json list = Json::array();
  for (std::size_t i = 0; i < space.size(); ++i) {
    if (point[i]) list.push_back(Json{{"name", space[i].name}, {"value", value_to_json(*point[i])}});
  }
  return list;
}

Json named_json(const NamedOptions& named) {
  Json options = Json::object();
  for (const auto& [key, value] : named.options) options[key] = option_to_json(value);
  return Json{{"name", named.name}, {"options", std::move(options)}};
}

Json stopping_json(const std::optional<StoppingSpec>& stopping) {
  if (!stopping) return nullptr;
  return Json{{"policy", named_json(stopping->policy)},
              {"explain_all", stopping->explain_all},
              {"protect_best", stopping->protect_best},
              {"min_runtime_us", optional_json(stopping->min_runtime)},
              {"audit", stopping->audit}};
}

Json rules_json(const std::vector<HealthSpec>& rules) {
  Json list = Json::array();
  for (const HealthSpec& spec : rules) list.push_back(Json{{"rule", named_json(spec.rule)}, {"stop", spec.stop}});
  return list;
}

Json texts_json(const std::vector<std::pair<std::string, std::string>>& texts) {
  Json list = Json::array();
  for (const auto& [key, text] : texts) list.push_back(Json{{"name", key}, {"value", text}});
  return list;
}

Json warm_start_json(const std::optional<WarmStart>& warm_start) {
  if (!warm_start) return nullptr;
  return Json{{"studies", warm_start->studies}, {"type", to_string(warm_start->type)}};
}

Json limits_json(const Limits& limits) {
  return Json{{"max_trials", optional_json(limits.max_trials)},
              {"max_parallel", limits.max_parallel},
              {"max_runtime_us", optional_json(limits.max_runtime)},
              {"max_gpu_hours", optional_json(limits.max_gpu_hours)},
              {"trial_runtime_us", optional_json(limits.trial_runtime)},
              {"stalled_us", optional_json(limits.stalled)},
              {"max_failures", limits.max_failures},
              {"grace_us", limits.grace.count()}};
}

Json resources_json(const ResourceSpec& resources) {
  return Json{{"gpus_auto", resources.gpus_auto},
              {"gpus", resources.gpus},
              {"gpus_per_trial", optional_json(resources.gpus_per_trial)},
              {"cpus_per_trial", optional_json(resources.cpus_per_trial)},
              {"processes_per_trial", resources.processes_per_trial}};
}

Json market_json(const std::optional<MarketSpec>& market) {
  if (!market) return nullptr;
  return Json{{"every_us", market->every.count()},
              {"notice_us", market->notice.count()},
              {"away_us", market->away.count()},
              {"seed", market->seed}};
}

Json spot_json(const std::optional<SpotSpec>& spot) {
  if (!spot) return nullptr;
  Json json{{"max_wait_us", optional_json(spot->max_wait)}, {"price", nullptr}};
  if (spot->price) json["price"] = Json{{"on_demand", spot->price->on_demand}, {"interruptible", spot->price->interruptible}};
  return json;
}

Json channels_json(const std::vector<Channel>& channels) {
  Json list = Json::array();
  for (const Channel& one : channels) list.push_back(Json{{"name", one.name}, {"value", one.path}, {"writable", one.writable}});
  return list;
}

Json output_json(const std::optional<OutputSpec>& output) {
  return output ? Json{{"path", output->path}, {"all", output->all}} : Json(nullptr);
}

Json to_json(const StudySpec& spec) {
  Json json{{"name", spec.name}};
  json["objective"] = Json{{"metric", spec.objective.metric},
                           {"goal", to_string(spec.objective.goal)},
                           {"value", value_mode_name(spec.objective.value)},
                           {"last_k", spec.objective.last_k},
                           {"on_nan", spec.objective.on_nan == OnNan::kStop ? "stop" : "ignore"}};
  json["parameters"] = Json::array();
  for (const Parameter& parameter : spec.space.parameters()) json["parameters"].push_back(parameter_json(parameter));
  json["static"] = Json::array();
  for (const auto& [key, value] : spec.static_values)
    json["static"].push_back(Json{{"name", key}, {"value", value_to_json(value)}});
  json["initial"] = Json::array();
  for (const Configuration& point : spec.initial) json["initial"].push_back(point_json(spec.space, point));
  json["strategy"] = named_json(spec.strategy);
  json["seed"] = spec.seed;
  json["lookahead"] = spec.lookahead;
  json["early_stopping"] = stopping_json(spec.stopping);
  json["rules"] = rules_json(spec.rules);
  json["limits"] = limits_json(spec.limits);
  json["completion"] = Json{{"target", optional_json(spec.completion.target)},
                            {"not_improving", optional_json(spec.completion.not_improving)},
                            {"converged", spec.completion.converged}};
  json["warm_start"] = warm_start_json(spec.warm_start);
  json["resources"] = resources_json(spec.resources);
  json["executor"] = spec.executor;
  json["market"] = market_json(spec.market);
  json["retry"] = Json{{"max_attempts", spec.retry.max_attempts}, {"backoff_us", spec.retry.backoff.count()}};
  json["spot"] = spot_json(spec.spot);
  json["output"] = output_json(spec.output);
  json["deterministic"] = spec.deterministic;
  json["max_step"] = optional_json(spec.max_step);
  json["environment"] = texts_json(spec.environment);
  json["channels"] = channels_json(spec.channels);
  json["trainer"] = spec.trainer;
  json["command"] = Json::array();
  for (const CommandPart& part : spec.command)
    json["command"].push_back(Json{{"words", part.words}, {"optional", part.optional}});
  json["metrics"] = Json::array();
  for (const MetricDefinition& metric : spec.metrics) {
    json["metrics"].push_back(Json{{"name", metric.name},
                                   {"regex", metric.regex},
                                   {"step", optional_json(metric.step)},
                                   {"step_offset", metric.step_offset}});
  }
  json["working_directory"] = spec.working_directory;
  return json;
}

/// Leaves by path; elements of a list by their name where they have one.
void flatten(const Json& json, const std::string& path, std::vector<std::pair<std::string, std::string>>& leaves) {
  if (json.is_object() && !json.empty()) {
    for (const auto& [key, value] : json.items()) flatten(value, path.empty() ? key : path + "." + key, leaves);
  } else if (json.is_array() && !json.empty()) {
    for (std::size_t i = 0; i < json.size(); ++i) {
      const bool named = json[i].is_object() && json[i].contains("name");
      flatten(json[i], named ? path + "." + json[i]["name"].get<std::string>() : path + "[" + std::to_string(i) + "]", leaves);
    }
  } else {
    leaves.emplace_back(path, json.dump(-1, ' ', false, Json::error_handler_t::replace));
  }
}

std::vector<std::pair<std::string, std::string>> leaves_of(const StudySpec& spec) {
  Json json = to_json(spec);
  for (const char* may_change : {"max_trials", "max_parallel", "max_runtime_us", "max_gpu_hours"})
    json["limits"].erase(may_change);
  if (spec.command.empty()) json.erase("working_directory");  // nothing of ours runs there
  std::vector<std::pair<std::string, std::string>> leaves;
  flatten(json, "", leaves);
  // The order of these lists means something; everywhere else it shows in the leaves.
  for (const char* list : {"parameters", "metrics"}) {
    std::string names;
    for (const Json& one : json[list]) names += (names.empty() ? "" : ", ") + one["name"].get<std::string>();
    leaves.emplace_back(std::string(list) + " in this order", names);
  }
  return leaves;
}

}  // namespace

std::string spec_to_json(const StudySpec& spec) { return to_json(spec).dump(-1, ' ', false, Json::error_handler_t::replace); }

std::vector<std::string> spec_differences(const StudySpec& recorded, const StudySpec& given) {
  const auto before = leaves_of(recorded);
  const auto after = leaves_of(given);
  const std::map<std::string, std::string> before_by_path(before.begin(), before.end());
  const std::map<std::string, std::string> after_by_path(after.begin(), after.end());
  std::vector<std::string> differences;
  for (const auto& [path, value] : before) {
    const auto found = after_by_path.find(path);
    const std::string now = found == after_by_path.end() ? "none" : found->second;
    if (now == value) continue;
    differences.push_back(
        path + (may_be_secret(path) ? ": recorded and given are not the same" : ": recorded " + value + ", given " + now));
  }
  for (const auto& [path, value] : after) {
    if (!before_by_path.contains(path))
      differences.push_back(path + ": recorded none, given " + (may_be_secret(path) ? "one" : value));
  }
  return differences;
}

}  // namespace tune::engine
