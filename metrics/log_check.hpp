#pragma once

#include <cstdint>
#include <istream>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "metrics/lint.hpp"
#include "metrics/log_reader.hpp"
#include "tune/metric_definition.hpp"
#include "tune/status.hpp"

/// What a study's metric definitions would read from an existing log: the engine of `tune check CONFIG --log FILE`.
namespace tune::metrics {

/// A line of the log, to be shown.
struct ShownLine {
  std::int64_t number = 0;  ///< from 1, as LogReader counts lines
  std::string text;         ///< printable, cut to kShownLineLength bytes
};

struct SeenValue {
  std::int64_t step = 0;
  double value = 0.0;
  ShownLine line;
};

/// Something in the log that a definition could not use.
struct Example {
  ShownLine line;
  std::string detail;  ///< unreadable: what was captured; near miss: why the line is one
};

struct Examples {
  std::int64_t count = 0;
  std::vector<Example> shown;  ///< the first kShownExamples
};

struct MetricCheck {
  std::string metric;
  bool objective = false;
  std::optional<MetricDefinition> definition;  ///< none: the log's `@tune` lines alone name it
  std::int64_t observations = 0;
  std::int64_t distinct_steps = 0;
  std::int64_t smallest_step = 0;  ///< of the observations; 0 when there are none
  std::int64_t largest_step = 0;
  std::optional<SeenValue> first;
  std::optional<SeenValue> last;
  Examples unreadable;
  Examples near_misses;
  std::vector<Warning> warnings;  ///< from lint() and from the log
};

struct LogCheck {
  ReaderCounters counters;
  std::vector<MetricCheck> metrics;  ///< the definitions in their order, then what only `@tune` lines name
  Examples bad_reports;
  std::vector<Warning> warnings;  ///< about the log as a whole
  /// The objective has at least one value.
  [[nodiscard]] bool objective_found() const;
};

/// Reads `log`, opened by the caller in binary mode, to its end. `objective` may be empty. The error is that of compile(), or
/// that the log cannot be read to its end.
Result<LogCheck> check_log(std::span<const MetricDefinition> definitions, const std::string& objective, std::istream& log);

/// The check as text for a terminal of at least 80 columns, without colours, each line ended.
std::string render(const LogCheck& check);

inline constexpr std::size_t kShownExamples = 3;
inline constexpr std::size_t kShownLineLength = 120;  ///< bytes

}  // namespace tune::metrics
