#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tune/metric_definition.hpp"
#include "tune/status.hpp"

namespace tune::metrics {

class CompiledDefinitions;

/// Compiles metric definitions; the error names the definition, the pattern and what RE2 said, with a hint for look-around,
/// `(?<name>`, a missing group. The result is immutable and may be shared by readers on any thread.
Result<std::shared_ptr<const CompiledDefinitions>> compile(std::span<const MetricDefinition> definitions);

/// Where a reader stands before a line: enough to go on from there in another process.
struct ReaderState {
  std::uint64_t offset = 0;                        ///< of the line's first byte in the log
  std::vector<std::optional<std::int64_t>> steps;  ///< what each definition's step pattern captured last, offset added
  bool operator==(const ReaderState&) const = default;
};

struct ParsedObservation {
  std::string metric;
  std::int64_t step = 0;
  double value = 0.0;
  int index = 0;         ///< among the observations of its line
  bool counted = false;  ///< nobody has named the step: it is the number of the metric's observations
};

/// What was read and could not be used; for the user's eyes.
struct ReaderCounters {
  std::int64_t lines = 0;
  std::int64_t cut_lines = 0;            ///< longer than kMaxLineLength, the rest dropped
  std::int64_t unreadable_captures = 0;  ///< a definition matched, its capture is no number
  std::int64_t bad_reports = 0;          ///< `@tune` lines that are no flat JSON object of numbers
};

/// Reads one attempt's log: bytes -> lines -> observations (docs/trial-contract.md). Not thread-safe.
class LogReader {
 public:
  using Sink = std::function<void(const ParsedObservation&)>;

  /// Starts at `state`; `counts` are the observations so far by metric (for step-less definitions), `skip` the observations of
  /// the first line that were consumed already.
  explicit LogReader(std::shared_ptr<const CompiledDefinitions> definitions, ReaderState state = {},
                     std::map<std::string, std::int64_t> counts = {}, int skip = 0);
  ~LogReader();
  LogReader(LogReader&&) noexcept;
  LogReader& operator=(LogReader&&) noexcept;

  /// The next bytes of the log.
  void feed(std::string_view bytes, const Sink& sink);
  /// The log has ended: a last line without a newline counts too.
  void finish(const Sink& sink);

  /// Inside a sink call: the state before the line it came from.
  [[nodiscard]] const ReaderState& line_state() const;
  [[nodiscard]] const ReaderCounters& counters() const;
  /// Up to kKeptLines last non-empty lines, without escapes and as valid UTF-8 without control characters, each cut to
  /// kKeptLineLength bytes.
  [[nodiscard]] const std::deque<std::string>& last_lines() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

inline constexpr std::size_t kMaxLineLength = 64 * 1024;  ///< bytes
inline constexpr std::size_t kKeptLines = 20;
inline constexpr std::size_t kKeptLineLength = 500;  ///< bytes

}  // namespace tune::metrics
