#pragma once

#include <array>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "engine/clock/latest_time.hpp"
#include "tune/clock.hpp"
#include "tune/value.hpp"

/// How the journal writes numbers, values and what is absent. Readers throw a std::exception where something else is written.
namespace tune::engine::json_parts {

/// In the order of the text, with room for what a record says: growing to it takes a tenth of the time of reading a journal.
template <typename Key, typename T, typename Less, typename Allocator>
struct RecordMap : nlohmann::ordered_map<Key, T, Less, Allocator> {
  static constexpr std::size_t kMembers = 12;
  RecordMap() { this->reserve(kMembers); }
  using nlohmann::ordered_map<Key, T, Less, Allocator>::ordered_map;
};
using Json = nlohmann::basic_json<RecordMap>;

/// A whole number that a T can hold; nlohmann's own conversion makes something of any number.
template <typename T>
T whole(const Json& json) {
  if (json.is_number_unsigned()) {
    if (const auto number = json.get<std::uint64_t>(); std::in_range<T>(number)) return static_cast<T>(number);
  } else if (json.is_number_integer()) {
    if (const auto number = json.get<std::int64_t>(); std::in_range<T>(number)) return static_cast<T>(number);
  }
  throw std::runtime_error("a whole number is due, not a " +
                           std::string(json.is_number() ? "number like this" : json.type_name()));
}

inline Json number(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
  return value;
}

inline double read_number(const Json& json) {
  if (!json.is_string()) return json.get<double>();
  const auto& text = json.get_ref<const std::string&>();
  if (text == "NaN") return std::numeric_limits<double>::quiet_NaN();
  if (text == "Infinity") return std::numeric_limits<double>::infinity();
  if (text == "-Infinity") return -std::numeric_limits<double>::infinity();
  throw std::runtime_error("'" + text + "' is no number");
}

inline Json value_json(const Value& value) {
  return std::visit([](const auto& held) -> Json { return held; }, value);
}

inline Value read_value(const Json& json) {
  if (json.is_boolean()) return json.get<bool>();
  if (json.is_number_integer()) return whole<std::int64_t>(json);
  if (json.is_number_float()) return json.get<double>();
  return json.get<std::string>();
}

template <typename T>
void put(Json& json, const char* key, const std::optional<T>& value) {
  if (value) json[key] = *value;
}

template <typename T>
std::optional<T> get_optional(const Json& json, const char* key) {
  const auto found = json.find(key);
  if (found == json.end()) return std::nullopt;
  if constexpr (std::is_integral_v<T> && !std::is_same_v<T, bool>)
    return whole<T>(*found);
  else
    return found->get<T>();
}

/// Microseconds that can be reckoned with.
inline Duration read_duration(std::int64_t microseconds) {
  if (microseconds < -kLatestTime.count() || microseconds > kLatestTime.count()) {
    throw std::runtime_error(std::to_string(microseconds) + " microseconds are no time");
  }
  return Duration(microseconds);
}

inline std::optional<TimePoint> get_time(const Json& json, const char* key) {
  const auto microseconds = get_optional<std::int64_t>(json, key);
  return microseconds ? std::optional(TimePoint(read_duration(*microseconds))) : std::nullopt;
}

template <typename Enum, std::size_t N>
Enum read_enum(const std::string& text, const std::array<Enum, N>& all) {
  for (const Enum one : all) {
    if (to_string(one) == text) return one;
  }
  throw std::runtime_error("unknown word '" + text + "'");
}

inline Json numbers_json(const std::vector<std::pair<std::string, double>>& numbers) {
  Json object = Json::object();
  for (const auto& [name, value] : numbers) object[name] = number(value);
  return object;
}
inline std::vector<std::pair<std::string, double>> read_numbers(const Json& json) {
  std::vector<std::pair<std::string, double>> numbers;
  for (const auto& [name, value] : json.items()) numbers.emplace_back(name, read_number(value));
  return numbers;
}
inline Json parameters_json(const std::vector<std::pair<std::string, Value>>& parameters) {
  Json object = Json::object();
  for (const auto& [name, value] : parameters) object[name] = value_json(value);
  return object;
}
inline std::vector<std::pair<std::string, Value>> read_parameters(const Json& json) {
  std::vector<std::pair<std::string, Value>> parameters;
  for (const auto& [name, value] : json.items()) parameters.emplace_back(name, read_value(value));
  return parameters;
}

}  // namespace tune::engine::json_parts
