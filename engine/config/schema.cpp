#include <algorithm>
#include <nlohmann/json.hpp>

#include "engine/config/config.hpp"
#include "engine/config/key_table.hpp"
#include "engine/config/trainer_presets.hpp"

namespace tune::engine {

namespace {

using Json = nlohmann::ordered_json;

const Json& scalar() {
  static const Json kScalar{{"type", {"string", "number", "boolean"}}};
  return kScalar;
}

Json number_json(double number) {
  if (number == std::floor(number) && std::abs(number) < kMaxExactInteger) return static_cast<std::int64_t>(number);
  return number;
}

Json with_range(Json json, const KeySpec& key) {
  if (key.min) json["minimum"] = number_json(*key.min);
  if (key.max) json["maximum"] = number_json(*key.max);
  return json;
}

Json any_of(std::vector<Json> choices) { return Json{{"anyOf", std::move(choices)}}; }

Json reference(const std::string& name) { return Json{{"$ref", "#/definitions/" + name}}; }

Json text_schema(const KeySpec& key) {
  Json json{{"type", "string"}};
  if (!key.pattern.empty()) {
    json["pattern"] = key.pattern;
  } else if (!key.allowed.empty()) {
    json["enum"] = key.allowed;
  }
  if (key.max_length > 0) {
    json["minLength"] = 1;
    json["maxLength"] = key.max_length;
  }
  return json;
}

/// A map from free names.
Json open_map(const KeySpec& key, const Json& value) {
  Json json{{"type", {"object", "null"}}, {"additionalProperties", value}, {"maxProperties", key.max_entries}};
  if (!key.pattern.empty()) json["propertyNames"] = Json{{"pattern", key.pattern}};
  return json;
}

Json list_of(Json items, int at_least, std::size_t at_most = kMaxConfigEntries) {
  return Json{{"type", "array"}, {"items", std::move(items)}, {"minItems", at_least}, {"maxItems", at_most}};
}

template <typename Product>
Json named_schema(const std::vector<Entry<Product>>& entries, const std::string& section_name, std::vector<std::string> names) {
  std::vector<Json> choices;
  for (const Entry<Product>& entry : entries) {
    const bool needs_more = std::ranges::any_of(entry.options, [](const OptionSpec& spec) { return spec.required; });
    if (entry.variant.empty() && !needs_more) names.push_back(entry.name);
    choices.push_back(reference(section_name + "." + entry.name + (entry.variant.empty() ? "" : "." + entry.variant)));
  }
  choices.insert(choices.begin(), Json{{"type", "string"}, {"enum", names}});
  return any_of(std::move(choices));
}

Json value_schema(const KeySpec& key, const Registry& registry) {
  switch (key.type) {
    case KeyType::kText:
      return text_schema(key);
    case KeyType::kFlag:
      return Json{{"type", "boolean"}};
    case KeyType::kInt:
      return with_range(Json{{"type", "integer"}}, key);
    case KeyType::kNumber:
      return with_range(Json{{"type", "number"}}, key);
    case KeyType::kDuration:
      return any_of(
          {Json{{"type", "number"}, {"exclusiveMinimum", 0}}, Json{{"type", "string"}, {"pattern", "^[0-9]*\\.?[0-9]+[smhd]$"}}});
    case KeyType::kIntOrShare:
      return any_of({with_range(Json{{"type", "integer"}}, key), Json{{"type", "number"}, {"minimum", 0}, {"maximum", 1}},
                     Json{{"type", "string"}, {"pattern", "^[0-9]*\\.?[0-9]+%$"}}});
    case KeyType::kShare:
      return any_of({Json{{"type", "number"}, {"minimum", 0}, {"exclusiveMaximum", 1}},
                     Json{{"type", "string"}, {"pattern", "^[0-9]*\\.?[0-9]+%$"}}});
    case KeyType::kIntOrMap: {
      const Json whole = with_range(Json{{"type", "integer"}}, key);
      return any_of({whole, Json{{"type", "object"}, {"additionalProperties", whole}}});
    }
    case KeyType::kValue:
      return scalar();
    case KeyType::kValues:
      return list_of(scalar(), 1, key.max_entries);
    case KeyType::kCondition:
      return Json{{"type", "object"},
                  {"minProperties", 1},
                  {"maxProperties", 1},
                  {"additionalProperties", any_of({scalar(), list_of(scalar(), 1)})}};
    case KeyType::kIds:
      return any_of(
          {Json{{"const", "auto"}},
           list_of(any_of({Json{{"type", "integer"}, {"minimum", 0}}, Json{{"type", "string"}, {"minLength", 1}}}), 0)});
    case KeyType::kWords:
      return list_of(any_of({scalar(), list_of(scalar(), 1)}), 1);
    case KeyType::kTexts:
      return list_of(Json{{"type", "string"}, {"minLength", 1}}, 1, key.max_entries);
    case KeyType::kValueMap:
    case KeyType::kTextMap:
      return open_map(key, scalar());
    case KeyType::kSection:
      return reference(key.section);
    case KeyType::kSectionMap:
      return open_map(key, reference(key.section));
    case KeyType::kSectionList:
      return Json{{"type", {"array", "null"}}, {"items", reference(key.section)}, {"maxItems", key.max_entries}};
    case KeyType::kPoints: {
      const Json point{
          {"type", "object"}, {"minProperties", 1}, {"maxProperties", key.max_entries}, {"additionalProperties", scalar()}};
      return Json{{"type", {"array", "null"}}, {"items", point}, {"maxItems", key.max_entries}};
    }
    case KeyType::kParameters: {
      Json json{{"type", "object"}, {"minProperties", 1}, {"maxProperties", key.max_entries}};
      json["propertyNames"] = Json{{"pattern", key.pattern}};
      json["additionalProperties"] =
          any_of({reference("parameters.float"), reference("parameters.int"), reference("parameters.categorical")});
      return json;
    }
    case KeyType::kStrategy:
      return named_schema(registry.strategies(), strategy_section().name, {});
    case KeyType::kStopping:
      return named_schema(registry.policies(), stopping_section().name, {std::string(kOff)});
    case KeyType::kHealthRules: {
      std::vector<Json> choices;
      for (const Entry<HealthRule>& entry : registry.health_rules()) choices.push_back(reference(health_section(entry).name));
      Json list{{"type", {"array", "null"}}, {"maxItems", key.max_entries}};
      list["items"] = choices.empty() ? Json(false) : any_of(std::move(choices));
      return list;
    }
    case KeyType::kRules:
      return list_of(reference(rule_section().name), 1, key.max_entries);
  }
  return Json::object();
}

Json section_schema(const SectionSpec& spec, const Registry& registry) {
  Json properties = Json::object();
  Json required = Json::array();
  Json either = Json::array();
  for (const KeySpec& key : spec.keys) {
    if (key.planned) continue;
    Json json = value_schema(key, registry);
    json["description"] = key.doc;
    if (!key.alias.empty()) properties[key.alias] = json;
    properties[key.name] = std::move(json);
    if (!key.required) continue;
    if (key.alias.empty()) {
      required.push_back(key.name);
    } else {
      either.push_back(Json{{"oneOf", {Json{{"required", {key.name}}}, Json{{"required", {key.alias}}}}}});
    }
  }
  Json json{
      {"type", "object"}, {"description", spec.doc}, {"properties", std::move(properties)}, {"additionalProperties", false}};
  const bool may_be_empty = required.empty() && either.empty();
  if (may_be_empty) json["type"] = {"object", "null"};
  if (!required.empty()) json["required"] = std::move(required);
  if (!either.empty()) json["allOf"] = std::move(either);
  return json;
}

/// A section that text or a value may stand for.
Json with_short_form(const SectionSpec& spec, Json json, const Registry& registry) {
  return any_of({value_schema(*spec.find(spec.short_key), registry), std::move(json)});
}

}  // namespace

std::string schema_json(const Registry& registry) {
  Json schema{{"$schema", "http://json-schema.org/draft-07/schema#"}, {"title", "A study of tune"}};
  schema.update(section_schema(section(""), registry));
  schema["oneOf"] = {Json{{"required", {"command"}}}, Json{{"required", {"trainer"}}}};
  Json definitions = Json::object();
  for (const SectionSpec& spec : sections()) {
    if (spec.name.empty()) continue;
    Json json = section_schema(spec, registry);
    definitions[spec.name] = spec.short_key.empty() ? std::move(json) : with_short_form(spec, std::move(json), registry);
  }
  for (const Entry<Strategy>& entry : registry.strategies()) {
    SectionSpec spec = strategy_section(entry);
    // Without a name the options are the default strategy's.
    spec.keys.front().required = entry.name != kDefaultStrategy;
    definitions[spec.name] = section_schema(spec, registry);
  }
  using SectionOf = SectionSpec (*)(const Entry<StoppingPolicy>&);
  for (const SectionOf section_of : {SectionOf(stopping_section), SectionOf(rule_section)}) {
    for (const Entry<StoppingPolicy>& entry : registry.policies()) {
      SectionSpec spec = section_of(entry);
      // Without `variant` the options are tune's own.
      for (KeySpec& key : spec.keys) key.required = key.required || (key.name == "variant" && !entry.variant.empty());
      definitions[spec.name] = section_schema(spec, registry);
    }
  }
  for (const Entry<HealthRule>& entry : registry.health_rules()) {
    SectionSpec spec = health_section(entry);
    // What a built-in trainer prints for the rule may be left out; that the trainer is then named, only the parser sees.
    for (KeySpec& key : spec.keys) {
      const auto prints = [&](const TrainerPreset& preset) { return preset.pattern(entry.name, key.name) != nullptr; };
      key.required = key.required && std::ranges::none_of(trainer_presets(), prints);
    }
    definitions[spec.name] = section_schema(spec, registry);
  }
  definitions[rule_section().name] = named_schema(registry.policies(), rule_section().name, {});
  schema["definitions"] = std::move(definitions);
  return schema.dump(2) + "\n";
}

}  // namespace tune::engine
