#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "engine/config/located_yaml.hpp"

namespace tune::test {

/// The part of JSON Schema draft-07 that tune.schema.json uses; any other keyword is an error, so that the schema cannot grow
/// past this. Returns what is wrong with `value`, empty when it is valid.
std::string schema_error(const nlohmann::json& schema, const nlohmann::json& value);

/// A YAML tree as an editor's schema check sees it.
nlohmann::json as_json(const engine::YamlNode& node);

}  // namespace tune::test
