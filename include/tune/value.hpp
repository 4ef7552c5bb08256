#pragma once

#include <charconv>
#include <cmath>
#include <cstdint>
#include <string>
#include <variant>

namespace tune {

/// A hyperparameter's value. Float parameters hold `double`, int parameters `int64_t`, categorical ones any of the four.
using Value = std::variant<bool, std::int64_t, double, std::string>;

/// The shortest decimal text that reads back as exactly `number`; "nan", "inf", "-inf" for the rest.
inline std::string to_text(double number) {
  if (std::isnan(number)) return "nan";
  if (std::isinf(number)) return number > 0 ? "inf" : "-inf";
  char buffer[32];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, number).ptr;
  return {buffer, end};
}

/// The text a trial receives for `value`: shortest round-trip numbers, `true`/`false`, strings as they are.
inline std::string to_text(const Value& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "true" : "false";
  if (const auto* whole = std::get_if<std::int64_t>(&value)) return std::to_string(*whole);
  return to_text(std::get<double>(value));
}

/// The number in `value`; REQUIRES: it holds int64_t or double.
inline double as_number(const Value& value) {
  if (const auto* whole = std::get_if<std::int64_t>(&value)) return static_cast<double>(*whole);
  return std::get<double>(value);
}

}  // namespace tune
