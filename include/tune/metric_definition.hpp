#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace tune {

inline constexpr int kMaxMetricDefinitions = 40;   ///< as SageMaker
inline constexpr int kMaxMetricNameLength = 255;   ///< bytes
inline constexpr int kMaxMetricRegexLength = 500;  ///< bytes

/// How a metric is read from a trial's log (SageMaker: MetricDefinition). In a line the leftmost match counts, once; its first
/// capture group is the value. RE2 syntax.
struct MetricDefinition {
  std::string name = {};
  std::string regex = {};
  std::optional<std::string> step = {};  ///< its first group is the step, in the same line or else in an earlier one
  std::int64_t step_offset = 0;          ///< added to what `step` captured: 1 for logs that count from 0
};

}  // namespace tune
