#pragma once

#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "engine/report/format.hpp"
#include "tune/space.hpp"

/// How values are written in every JSON document of tune: non-finite numbers as strings, absent ones as null. Internal to
/// engine/.
namespace tune::engine {

using Json = nlohmann::ordered_json;

inline Json json_number(double number) {
  if (std::isfinite(number)) return number;
  return std::isnan(number) ? "NaN" : number > 0 ? "Infinity" : "-Infinity";
}
inline Json json_number(const std::optional<double>& number) { return number ? json_number(*number) : Json(nullptr); }

/// A duration, to the microsecond that the records know: sums of doubles would show digits nobody measured.
inline Json json_seconds(double seconds) { return std::round(seconds * 1e6) / 1e6; }
inline Json json_seconds(const std::optional<double>& seconds) { return seconds ? json_seconds(*seconds) : Json(nullptr); }

template <typename T>
Json json_or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}
inline Json json_time(const std::optional<TimePoint>& time) { return time ? Json(iso_time(*time)) : Json(nullptr); }
inline Json text_or_null(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }

inline Json json_value(const Value& value) {
  if (const auto* number = std::get_if<double>(&value)) return json_number(*number);
  return std::visit([](const auto& held) { return Json(held); }, value);
}

/// The active parameters only.
inline Json json_parameters(const Space& space, const Configuration& configuration) {
  Json object = Json::object();
  for (std::size_t i = 0; i < space.size() && i < configuration.size(); ++i) {
    if (configuration[i]) object[space[i].name] = json_value(*configuration[i]);
  }
  return object;
}

inline constexpr int kJsonIndent = 2;  ///< spaces a level

/// Bytes that are no UTF-8 are replaced, for the document must be readable whatever a trial printed. Nothing in it steers a
/// terminal.
inline std::string json_tokens(const Json& json) {
  return plain_json(json.dump(kJsonIndent, ' ', false, Json::error_handler_t::replace));
}
/// A whole document.
inline std::string json_text(const Json& json) { return json_tokens(json) + "\n"; }

}  // namespace tune::engine
