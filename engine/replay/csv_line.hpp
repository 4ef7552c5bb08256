#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tune::engine {

/// The cells of one line of a CSV (RFC 4180: a cell may be quoted, a quote in it is doubled; no line breaks in a cell). None when
/// a quote is left open or followed by anything but a comma.
std::optional<std::vector<std::string>> csv_cells(std::string_view line);

}  // namespace tune::engine
