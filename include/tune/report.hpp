#pragma once

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "tune/value.hpp"

namespace tune {

/// The line by which any program tells tune its metrics without a regex: `@tune {"step": 3, "validation:accuracy": 0.81}`.
/// `metrics` is a range of pairs of a text and a double, in the order of the line. Names must not hold control characters, and
/// none comes twice.
template <class Metrics>
std::string report_line_of(std::int64_t step, const Metrics& metrics) {
  const auto quoted = [](std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    }
    return out + '"';
  };
  std::string line = "@tune {\"step\": " + std::to_string(step);
  for (const auto& [name, value] : metrics) {
    line += ", " + quoted(name) + ": ";
    if (std::isfinite(value))
      line += to_text(value);
    else
      line += std::isnan(value) ? "\"NaN\"" : value > 0 ? "\"Infinity\"" : "\"-Infinity\"";
  }
  return line + "}";
}

inline std::string report_line(std::int64_t step, std::initializer_list<std::pair<std::string_view, double>> metrics) {
  return report_line_of(step, metrics);
}

/// Prints `report_line` to standard output and flushes it. Safe to call from several threads.
inline void report(std::int64_t step, std::initializer_list<std::pair<std::string_view, double>> metrics) {
  std::puts(report_line(step, metrics).c_str());
  std::fflush(stdout);
}

}  // namespace tune
