#pragma once

#include <charconv>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tune::trainer {

/// The shortest text without an exponent that reads back as exactly `number`. Without, because the regexes people use on training
/// logs (`([0-9\.]+)`) would read `1e-05` as 1.
inline std::string plain_text(double number) {
  if (std::isnan(number)) return "nan";
  if (std::isinf(number)) return number > 0 ? "inf" : "-inf";
  char buffer[512];  // a double needs at most 1 + 309 digits before the point, or 2 + 324 + 17 in all after it
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, number, std::chars_format::fixed).ptr;
  return {buffer, end};
}

/// The whole of `text` as a number, or nothing.
template <class Number>
std::optional<Number> parse_number(std::string_view text) {
  if (!text.empty() && text.front() == '+') text.remove_prefix(1);
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace tune::trainer
