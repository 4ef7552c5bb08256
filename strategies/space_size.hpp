#pragma once

#include <cstdint>
#include <optional>

#include "tune/space.hpp"

namespace tune::strategies {

inline constexpr std::int64_t kCountLimit = 1'000'000;

/// How many configurations a space has; none for infinitely many, or more than kCountLimit.
std::optional<std::int64_t> count_configurations(const Space& space);

}  // namespace tune::strategies
