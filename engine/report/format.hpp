#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "engine/text/printable.hpp"
#include "tune/clock.hpp"
#include "tune/records.hpp"

/// How numbers, times and texts are shown to people. Exact values are in the JSON and CSV reports.
namespace tune::engine {

/// `number` with `decimals` digits behind the point; "nan", "inf", "-inf" for the rest.
std::string fixed(double number, int decimals);
/// At most `digits` significant digits, without trailing zeros.
std::string shortened(double number, int digits = 5);
/// A parameter's value for people: numbers shortened, texts made printable.
std::string shortened(const Value& value, int digits = 5);
/// `0.8 s`, `14 s`, `3 min 05 s`, `2 h 07 min`, `3 d 04 h`.
std::string duration_text(double seconds);
/// `0.233 h`.
std::string hours_text(double seconds);
/// ISO 8601 in UTC with microseconds: `2026-02-03T04:05:06.000007Z`.
std::string iso_time(TimePoint time);
/// The same to the second.
std::string iso_time_short(TimePoint time);
/// `1 trial`, `2 trials`.
std::string counted(std::int64_t count, std::string_view noun);

/// Columns a terminal needs for UTF-8 `text`: 0 for combining marks, 2 for wide characters. Bytes that are no UTF-8 count one
/// each.
std::size_t display_width(std::string_view text);
/// `text` in at most `width` columns, the last one an ellipsis when something was cut.
std::string clipped(std::string_view text, std::size_t width);
/// Filled with spaces to `width` columns, on the right or on the left.
std::string padded(std::string_view text, std::size_t width, bool to_the_right = false);
/// `name=value name=value`, active parameters only.
std::string parameters_text(const Space& space, const Configuration& configuration);

}  // namespace tune::engine
