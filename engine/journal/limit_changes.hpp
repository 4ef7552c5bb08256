#pragma once

#include <cstdint>
#include <optional>

#include "tune/clock.hpp"

namespace tune::engine {

/// What may change when a study is resumed; each change is journaled. None: as it was.
struct LimitChanges {
  std::optional<std::int64_t> max_trials;
  std::optional<int> max_parallel;
  std::optional<Duration> max_runtime;
  std::optional<double> max_gpu_hours;

  [[nodiscard]] bool any() const { return max_trials || max_parallel || max_runtime || max_gpu_hours; }
};

}  // namespace tune::engine
