#include <doctest/doctest.h>

#include "tests/metrics/read_log.hpp"

namespace tune::metrics {
namespace {

using Generator = std::mt19937_64;

std::size_t below(Generator& generator, std::size_t bound) { return static_cast<std::size_t>(generator() % bound); }

/// A log of fragments that meet each other in every way: metrics, steps, line ends, escapes and pieces of them.
std::string random_log(Generator& generator) {
  static const std::vector<std::string> kFragments = {"acc=0.5",
                                                      "acc=nan",
                                                      "loss=1e-3 ",
                                                      "loss=x",
                                                      "epoch 3",
                                                      "epoch 12 ",
                                                      "it 7 ",
                                                      "\n",
                                                      "\n",
                                                      "\r",
                                                      "\r\n",
                                                      "\b\b\b",
                                                      "\b",
                                                      "#015",
                                                      "#011",
                                                      "#01",
                                                      "#0",
                                                      "#",
                                                      " #015",
                                                      " #011",
                                                      " ",
                                                      "\x1b[0m",
                                                      "\x1b[1;3",
                                                      "\x1b",
                                                      "#033[31m",
                                                      "m",
                                                      "\x1b]0;t",
                                                      "\a",
                                                      "@tune {\"a\": 1, \"step\": 2, \"b\": 3}\n",
                                                      "@tune {\"acc\": 4}\n",
                                                      "@tune {",
                                                      "}",
                                                      "015",
                                                      "11",
                                                      "\xff",
                                                      "w",
                                                      "acc=1 loss=2 extra=3\n",
                                                      "acc=5%\n",
                                                      std::string("\0", 1)};
  std::string log;
  for (std::size_t i = 10 + below(generator, 150); i > 0; --i) log += kFragments[below(generator, kFragments.size())];
  if (below(generator, 20) == 0)
    log.insert(below(generator, log.size()), std::string(kMaxLineLength - below(generator, 30), 'y'));
  return log;
}

std::shared_ptr<const CompiledDefinitions> definitions() {
  const std::vector<MetricDefinition> all = {{"acc", R"(acc=([0-9.]+%?|nan))", R"(epoch (\d+))", 1},
                                             {"loss", R"(loss=(\S+))", {}, 0},
                                             {"extra", R"(extra=(\d))", R"(it (\d+))", 0},
                                             {"anything", R"(^\W*w(\d*))", R"(epoch (\d+))", 0}};
  return compile(all).value();
}

}  // namespace

TEST_CASE("where a log is broken into chunks makes no difference") {
  Generator generator(20240611);
  const auto compiled = definitions();
  std::size_t observations = 0;
  for (int round = 0; round < 600; ++round) {
    const std::string log = random_log(generator);
    const ReadLog whole = read_whole(compiled, log);
    observations += whole.observations.size();
    for (const std::size_t largest : {1U, 2U, 5U, 40U}) {
      if (log.size() > kMaxLineLength / 2 && largest < 40) continue;
      LogReader reader(compiled);
      const ReadLog chunked = read_chunks(reader, log, [&] { return 1 + below(generator, largest); });
      CAPTURE(log);
      CAPTURE(largest);
      REQUIRE(chunked.observations == whole.observations);
      REQUIRE(chunked.last_lines == whole.last_lines);
      REQUIRE(chunked.counters.lines == whole.counters.lines);
      REQUIRE(chunked.counters.cut_lines == whole.counters.cut_lines);
      REQUIRE(chunked.counters.unreadable_captures == whole.counters.unreadable_captures);
      REQUIRE(chunked.counters.bad_reports == whole.counters.bad_reports);
    }
  }
  CHECK(observations > 5000);
}

TEST_CASE("a reader can go on from any observation") {
  Generator generator(7);
  const auto compiled = definitions();
  std::size_t cuts = 0;
  for (int round = 0; round < 60; ++round) {
    const std::string log = random_log(generator);
    struct Point {
      ReaderState state;
      std::map<std::string, std::int64_t> counts;
      int skip;
    };
    std::vector<Point> points;
    std::map<std::string, std::int64_t> counts;
    std::vector<std::string> all;
    LogReader reader(compiled);
    const LogReader::Sink sink = [&](const ParsedObservation& observation) {
      all.push_back(describe(observation, reader.line_state()));
      ++counts[observation.metric];
      points.push_back({reader.line_state(), counts, observation.index + 1});
    };
    reader.feed(log, sink);
    reader.finish(sink);
    for (std::size_t i = 0; i < points.size(); ++i, ++cuts) {
      LogReader rest(compiled, points[i].state, points[i].counts, points[i].skip);
      const ReadLog read =
          read_chunks(rest, std::string_view(log).substr(points[i].state.offset), [&] { return 1 + below(generator, 50); });
      CAPTURE(log);
      REQUIRE(read.observations == std::vector<std::string>(all.begin() + static_cast<std::ptrdiff_t>(i) + 1, all.end()));
    }
  }
  CHECK(cuts > 500);
}

}  // namespace tune::metrics
