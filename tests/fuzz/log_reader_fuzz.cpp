// libFuzzer: any bytes, in any chunks, give the same observations and counters as in one piece.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "metrics/log_reader.hpp"
#include "tune/value.hpp"

namespace {

using namespace tune::metrics;

std::shared_ptr<const CompiledDefinitions> definitions() {
  static const auto kCompiled = [] {
    const std::vector<tune::MetricDefinition> all = {{"acc", R"(acc=([0-9.]+%?|nan))", R"(epoch (\d+))", 1},
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
    all += found.metric + "@" + std::to_string(found.step) + "=" + tune::to_text(found.value) + " " +
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

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t kSizes = 4;  // the first bytes say how the rest is broken
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::string_view log = input.substr(std::min(kSizes, size));
  if (read(log, {}) != read(log, input.substr(0, kSizes))) std::abort();
  return 0;
}
