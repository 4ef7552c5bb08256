#pragma once

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <cstdint>
#include <limits>

namespace tune::cli {

inline constexpr std::uint64_t kMostTrials = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());

/// Accepts digits that are a number from `least` to `most`; the error says what was given and what is allowed.
CLI::Validator whole_number(std::uint64_t least, std::uint64_t most);

}  // namespace tune::cli
