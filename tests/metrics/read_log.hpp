#pragma once

#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "metrics/log_reader.hpp"
#include "tune/value.hpp"

namespace tune::metrics {

/// Everything a reader says about a log.
struct ReadLog {
  std::vector<std::string> observations;  ///< "metric@step=value#index at offset [steps]"
  ReaderCounters counters;
  std::vector<std::string> last_lines;
};

inline std::string describe(const ParsedObservation& observation) {
  return observation.metric + "@" + std::to_string(observation.step) + "=" + to_text(observation.value);
}

inline std::string describe(const ParsedObservation& observation, const ReaderState& state) {
  std::string text = describe(observation) + "#" + std::to_string(observation.index) + " at " + std::to_string(state.offset);
  for (const auto& step : state.steps) text += step ? " " + std::to_string(*step) : " -";
  return text;
}

/// Reads `log` in the chunks that `next_size` gives.
template <typename NextSize>
ReadLog read_chunks(LogReader& reader, std::string_view log, NextSize next_size) {
  ReadLog result;
  const auto sink = [&](const ParsedObservation& observation) {
    result.observations.push_back(describe(observation, reader.line_state()));
  };
  for (std::size_t at = 0; at < log.size();) {
    const std::size_t size = std::min<std::size_t>(next_size(), log.size() - at);
    reader.feed(std::string(log.substr(at, size)), sink);  // a copy: bytes beyond the chunk must not be read
    at += size;
  }
  reader.finish(sink);
  result.counters = reader.counters();
  result.last_lines.assign(reader.last_lines().begin(), reader.last_lines().end());
  return result;
}

inline ReadLog read_whole(std::shared_ptr<const CompiledDefinitions> definitions, std::string_view log) {
  LogReader reader(std::move(definitions));
  return read_chunks(reader, log, [&] { return log.size(); });
}

}  // namespace tune::metrics
