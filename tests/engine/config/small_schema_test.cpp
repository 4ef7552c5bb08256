#include "tests/engine/config/small_schema.hpp"

#include <doctest/doctest.h>

#include <functional>
#include <map>
#include <regex>

namespace tune::test {

namespace {

using Json = nlohmann::json;

class Checker {
 public:
  explicit Checker(const Json& root) : root_(root) {}

  std::string check(const Json& schema, const Json& value, const std::string& path) {
    for (const auto& [keyword, wanted] : schema.items()) {
      const std::string error = keyword_error(schema, keyword, wanted, value, path);
      if (!error.empty()) return error;
    }
    return "";
  }

 private:
  static bool is_type(const std::string& type, const Json& value) {
    if (type == "integer") return value.is_number_integer();
    if (type == "number") return value.is_number();
    return type == (value.is_boolean() ? "boolean" : value.is_array() ? "array" : value.type_name());
  }

  std::string keyword_error(const Json& schema, const std::string& keyword, const Json& wanted, const Json& value,
                            const std::string& path) {
    const auto fail = [&] { return path + ": " + keyword + " " + wanted.dump() + " given " + value.dump(); };
    const auto when = [&](bool good) { return good ? std::string() : fail(); };
    if (keyword == "$schema" || keyword == "title" || keyword == "description" || keyword == "definitions") return "";
    if (keyword == "$ref") return check(root_.at(Json::json_pointer(wanted.get<std::string>().substr(1))), value, path);
    if (keyword == "type") {
      const Json types = wanted.is_array() ? wanted : Json::array({wanted});
      return when(std::any_of(types.begin(), types.end(), [&](const Json& type) { return is_type(type, value); }));
    }
    if (keyword == "const") return when(value == wanted);
    if (keyword == "enum") return when(std::find(wanted.begin(), wanted.end(), value) != wanted.end());
    if (keyword == "anyOf" || keyword == "oneOf" || keyword == "allOf") return combination(keyword, wanted, value, path);
    if (keyword == "minimum") return when(!value.is_number() || value >= wanted);
    if (keyword == "maximum") return when(!value.is_number() || value <= wanted);
    if (keyword == "exclusiveMinimum") return when(!value.is_number() || value > wanted);
    if (keyword == "maxLength") return when(!value.is_string() || value.get<std::string>().size() <= wanted);
    if (keyword == "minLength") return when(!value.is_string() || value.get<std::string>().size() >= wanted);
    if (keyword == "pattern")
      return when(!value.is_string() || std::regex_search(value.get<std::string>(), std::regex(wanted.get<std::string>())));
    if (keyword == "minItems") return when(!value.is_array() || value.size() >= wanted);
    if (keyword == "maxItems") return when(!value.is_array() || value.size() <= wanted);
    if (keyword == "minProperties") return when(!value.is_object() || value.size() >= wanted);
    if (keyword == "maxProperties") return when(!value.is_object() || value.size() <= wanted);
    if (keyword == "required") {
      return when(!value.is_object() ||
                  std::all_of(wanted.begin(), wanted.end(), [&](const Json& key) { return value.contains(key); }));
    }
    if (keyword == "items") return each(value.is_array(), value, path, [&](const std::string&) -> const Json& { return wanted; });
    if (keyword == "propertyNames") return names(wanted, value, path);
    if (keyword == "properties" || keyword == "additionalProperties") return members(schema, keyword, wanted, value, path);
    return path + ": the schema uses '" + keyword + "', which this checker does not know";
  }

  std::string combination(const std::string& keyword, const Json& choices, const Json& value, const std::string& path) {
    std::size_t good = 0;
    std::string errors;
    for (const Json& choice : choices) {
      const std::string error = check(choice, value, path);
      if (error.empty()) ++good;
      errors += error.empty() ? "" : "\n  " + error;
    }
    const bool fits = keyword == "allOf" ? good == choices.size() : keyword == "oneOf" ? good == 1 : good >= 1;
    return fits ? "" : path + ": " + keyword + " fits " + std::to_string(good) + errors;
  }

  std::string each(bool applies, const Json& value, const std::string& path,
                   const std::function<const Json&(const std::string&)>& schema_of) {
    if (!applies) return "";
    for (const auto& [key, one] : value.items()) {
      const std::string error = check(schema_of(key), one, path + "/" + key);
      if (!error.empty()) return error;
    }
    return "";
  }

  std::string names(const Json& wanted, const Json& value, const std::string& path) {
    if (!value.is_object()) return "";
    for (const auto& [key, one] : value.items()) {
      const std::string error = check(wanted, key, path + "/" + key);
      if (!error.empty()) return error;
    }
    return "";
  }

  std::string members(const Json& schema, const std::string& keyword, const Json& wanted, const Json& value,
                      const std::string& path) {
    if (!value.is_object()) return "";
    const Json known = schema.value("properties", Json::object());
    for (const auto& [key, one] : value.items()) {
      std::string error;
      if (keyword == "properties" && known.contains(key)) error = check(known.at(key), one, path + "/" + key);
      if (keyword == "additionalProperties" && !known.contains(key)) {
        error = wanted == false ? path + ": no key '" + key + "'" : check(wanted, one, path + "/" + key);
      }
      if (!error.empty()) return error;
    }
    return "";
  }

  const Json& root_;
};

}  // namespace

std::string schema_error(const Json& schema, const Json& value) { return Checker(schema).check(schema, value, ""); }

Json as_json(const engine::YamlNode& node) {
  using Kind = engine::YamlNode::Kind;
  switch (node.kind) {
    case Kind::kNull:
      return nullptr;
    case Kind::kBool:
      return node.flag;
    case Kind::kInt:
      return node.whole;
    case Kind::kFloat:
      return node.number;
    case Kind::kText:
      return node.text;
    case Kind::kList: {
      Json list = Json::array();
      for (const engine::YamlNode& item : node.items) list.push_back(as_json(item));
      return list;
    }
    case Kind::kMap:
      break;
  }
  Json map = Json::object();
  for (const engine::YamlMember& member : node.members) map[member.key] = as_json(member.value);
  return map;
}

TEST_CASE("the small schema checker tells good from bad") {
  const Json schema = Json::parse(
      R"({"type":"object","properties":{"a":{"type":"integer","minimum":1},"b":{"anyOf":[{"const":"x"},{"type":"null"}]}},
    "required":["a"],"additionalProperties":false})");
  const auto good = [&](const char* value) { return schema_error(schema, Json::parse(value)).empty(); };
  CHECK(good(R"({"a":1})"));
  CHECK(good(R"({"a":2,"b":null})"));
  CHECK(!good(R"({"a":0})"));
  CHECK(!good(R"({"a":1.5})"));
  CHECK(!good(R"({"b":"x"})"));
  CHECK(!good(R"({"a":1,"b":"y"})"));
  CHECK(!good(R"({"a":1,"c":1})"));
  CHECK(!good("[]"));
  CHECK(!schema_error(Json::parse(R"({"patternProperties":{}})"), Json::object()).empty());
}

}  // namespace tune::test
