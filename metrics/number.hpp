#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace tune::metrics {

/// The number a capture says, as programs print them: sign, decimal point at either end, exponent, `nan`, `inf`, `infinity` (any
/// case), thousands in groups of three (`1,234.5`), a per cent sign (`71.59%` is 71.59). Blanks around it are ignored. A decimal
/// number too large for a double is infinite, one too small is zero. None when `text` is anything else.
std::optional<double> parse_number(std::string_view text);

/// The step a capture says: a number as above without `%` whose value is whole and at most 2^53 in size (`3`, `3.0`).
std::optional<std::int64_t> parse_step(std::string_view text);

}  // namespace tune::metrics
