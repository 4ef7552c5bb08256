#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tune::metrics {

/// What an `@tune {...}` line says.
struct Report {
  std::optional<std::int64_t> step;
  std::vector<std::pair<std::string, double>> values;  ///< in the order of the line
};

/// The part of `line` that is a report: from `@tune` followed by blanks and `{`, anywhere in the line (a progress bar or a rank
/// may stand before it), to its end. None: the line is an ordinary one.
std::optional<std::string_view> find_report(std::string_view line);

/// Reads what find_report() found; none when it is no flat JSON object of numbers with at least one metric and, if `step` is
/// there, a whole one of 0 or more. "NaN", "Infinity" and "-Infinity" are numbers, as strings or, as Python writes them, bare.
std::optional<Report> parse_report(std::string_view report);

}  // namespace tune::metrics
