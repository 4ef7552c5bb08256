// Any bytes, in any chunks, give the same observations and counters as in one piece.

#include <algorithm>
#include <vector>

#include "metrics/log_reader.hpp"
#include "tests/fuzz/targets.hpp"
#include "tune/value.hpp"

namespace tune::fuzz {

namespace {

using namespace metrics;

std::shared_ptr<const CompiledDefinitions> definitions() {
  static const auto kCompiled = [] {
    const std::vector<MetricDefinition> all = {{"acc", R"(acc=([0-9.]+%?|nan))", R"(epoch (\d+))", 1},
                                               {"loss", R"(.*loss=(\S+).*)", {}, 0},
                                               {"any", R"(^\W*w(\d*))", R"(it (\d+))", 0}};
    return *compile(all);
  }();
  return kCompiled;
}

/// Everything read, in chunks of sizes taken from `sizes` in turn.
std::string read(std::string_view log, std::string_view sizes) {
  LogReader reader(definitions());
  std::string all;
  const auto sink = [&](const ParsedObservation& found) {
    require(!found.metric.empty() && found.metric.size() <= static_cast<std::size_t>(kMaxMetricNameLength),
            "a metric's name has 1 to 255 bytes");
    require_plain(found.metric);
    require(found.metric.find('\n') == std::string::npos, "a metric's name is one line");
    all += found.metric + "@" + std::to_string(found.step) + "=" + to_text(found.value) + " " +
           std::to_string(reader.line_state().offset) + "\n";
  };
  std::size_t turn = 0;
  while (!log.empty()) {
    const std::size_t wanted = sizes.empty() ? log.size() : 1 + static_cast<unsigned char>(sizes[turn++ % sizes.size()]);
    const std::string chunk(log.substr(0, std::min(wanted, log.size())));  // a copy, so that reading beyond it is found
    reader.feed(chunk, sink);
    log.remove_prefix(chunk.size());
  }
  reader.finish(sink);
  for (const std::string& line : reader.last_lines()) all += line + "\n";
  const ReaderCounters& counters = reader.counters();
  return all + std::to_string(counters.lines) + " " + std::to_string(counters.cut_lines) + " " +
         std::to_string(counters.unreadable_captures) + " " + std::to_string(counters.bad_reports);
}

}  // namespace

void run_log(std::string_view input) {
  constexpr std::size_t kSizes = 4;  // the first bytes say how the rest is broken
  const std::string_view log = input.substr(std::min(kSizes, input.size()));
  require(read(log, {}) == read(log, input.substr(0, kSizes)), "chunks do not matter");
}

}  // namespace tune::fuzz
