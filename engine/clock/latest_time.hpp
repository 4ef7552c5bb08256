#pragma once

#include <cstdint>

#include "tune/clock.hpp"

namespace tune::engine {

/// The latest moment since 1970 that a record may hold, and the longest duration: the year 2255, so that sums of a few do not
/// overflow.
inline constexpr Duration kLatestTime{std::int64_t{1} << 53};

}  // namespace tune::engine
