#include "metrics/log_reader.hpp"

#include <doctest/doctest.h>

#include "tests/metrics/read_log.hpp"

namespace tune::metrics {
namespace {

using Strings = std::vector<std::string>;

std::shared_ptr<const CompiledDefinitions> definitions_of(const std::vector<MetricDefinition>& definitions) {
  auto compiled = compile(definitions);
  REQUIRE_MESSAGE(compiled.ok(), compiled.status().message());
  return *compiled;
}

/// "metric@step=value" of each observation.
Strings observe(const std::vector<MetricDefinition>& definitions, std::string_view log, ReaderCounters* counters = nullptr) {
  LogReader reader(definitions_of(definitions));
  Strings found;
  const auto sink = [&](const ParsedObservation& observation) { found.push_back(describe(observation)); };
  reader.feed(log, sink);
  reader.finish(sink);
  if (counters) *counters = reader.counters();
  return found;
}

const std::vector<MetricDefinition> kAccuracy = {{"acc", R"(acc=(\S+))", {}, 0}};

}  // namespace

TEST_CASE("the step is read from the same line, else it is the last one, else the count") {
  const MetricDefinition in_line{"v", R"(val=(\S+))", R"(Epoch\[(\d+)\])", 1};
  CHECK(observe({in_line}, "Epoch[0] val=0.5\nEpoch[1] lr=1\nval=0.6\nEpoch[2] val=0.7\n") ==
        Strings{"v@1=0.5", "v@2=0.6", "v@3=0.7"});
  CHECK(observe({in_line}, "val=0.4\nval=0.5\nEpoch[8]\nval=1") == Strings{"v@1=0.4", "v@2=0.5", "v@9=1"});
  CHECK(observe({{"v", R"(val=(\S+))", {}, 0}}, "val=3\n\nval=2\nval=1\n") == Strings{"v@1=3", "v@2=2", "v@3=1"});
  CHECK(observe({in_line}, "Epoch[x] Epoch[4] val=1 Epoch[9]\n") == Strings{"v@5=1"});
}

TEST_CASE("the leftmost match of a definition counts, once") {
  CHECK(observe(kAccuracy, "acc=0.1 acc=0.2\n") == Strings{"acc@1=0.1"});
  CHECK(observe({{"acc", R"(.*acc=(\S+))", {}, 0}}, "acc=0.1 acc=0.2\n") == Strings{"acc@1=0.2"});
  CHECK(observe({{"loss", "loss: ([-+]?([0-9]*\\.?[0-9]+)([eE][-+]?[0-9]+)?)", {}, 0}}, "loss: 1.5e-3,") ==
        Strings{"loss@1=0.0015"});
}

TEST_CASE("what ends a line") {
  CHECK(observe(kAccuracy, "acc=1\racc=2\r\nacc=3\n\n\nacc=4\b\b\b\bacc=5#015acc=6") ==
        Strings{"acc@1=1", "acc@2=2", "acc@3=3", "acc@4=4", "acc@5=5", "acc@6=6"});
  CHECK(observe({{"v", R"(value: (\S+))", R"(Trial #(\d+))", 0}}, "Trial #015 value: 7\nTrial #011 value: 8\n") ==
        Strings{"v@15=7", "v@11=8"});
  ReaderCounters counters;
  observe(kAccuracy, "one\r\n\r\n\b\b\btwo\n#015three", &counters);
  CHECK(counters.lines == 3);
}

TEST_CASE("escapes are stripped and #011 is a tab") {
  CHECK(observe(kAccuracy, "\x1b[32m[0514 @base.py:1]\x1b[0m acc=\x1b[1;31m0.5\x1b[0m\x1b[K\n") == Strings{"acc@1=0.5"});
  CHECK(observe(kAccuracy, "a\x1b[38;5;2mcc=#033[1m7#033[0m\n") == Strings{"acc@1=7"});
  CHECK(observe(kAccuracy, "\x1b]0;title acc=9\aacc=1\n\x1b]0;title acc=9\x1b\\acc=2\n\x1b]no end acc=3\n") ==
        Strings{"acc@1=1", "acc@2=2", "acc@3=3"});
  CHECK(observe(kAccuracy, "\x1b(Bacc=1\x1b\n\x1b[acc=2 \x1b[12\nacc=3\x1b[") == Strings{"acc@1=1", "acc@2=3"});
  const std::string sagemaker = "Epoch[0] Batch [20]#011Speed: 111.8 samples/sec#011accuracy=0.45#011lr=1\n";
  CHECK(observe({{"a", R"(\taccuracy=(\S+))", {}, 0}}, sagemaker) == Strings{"a@1=0.45"});
  CHECK(observe({{"a", R"(.*\[[0-9]+\].*#011accuracy=([0-9.]+))", {}, 0}}, sagemaker) == Strings{"a@1=0.45"});
  CHECK(observe({{"a", R"(#011accuracy=(\S+))", {}, 0}}, "x\taccuracy=1\n") == Strings{"a@1=1"});
}

TEST_CASE("bytes need not be UTF-8") {
  CHECK(observe(kAccuracy, std::string("\xff\xfe\0 acc=1\x80\n\xe2\x88 acc=2 \xf0\n", 22)) == Strings{"acc@1=2"});
  CHECK(observe({{"a", "\xc3\xa9=(\\d)", {}, 0}}, "\xc3\xa9=1\n\xe9=2\n") == Strings{"a@1=1"});
}

TEST_CASE("long lines are cut and counted") {
  ReaderCounters counters;
  const std::string before(kMaxLineLength - 5, 'x');
  CHECK(observe(kAccuracy, before + "acc=1\n" + before + "acc=12\n" + before + "xacc=3\nacc=4\n", &counters) ==
        Strings{"acc@1=1", "acc@2=1", "acc@3=4"});
  CHECK(counters.lines == 4);
  CHECK(counters.cut_lines == 2);
}

TEST_CASE("a capture that is no number is counted") {
  ReaderCounters counters;
  CHECK(observe({{"m", R"(IoU=0\.5:\s*(\S+))", {}, 0}}, "IoU=0.5: 0.59\nIoU=0.5:0.95: 0.37\n", &counters) == Strings{"m@1=0.59"});
  CHECK(counters.unreadable_captures == 1);
  CHECK(observe({{"m", R"(a=(\d)?)", {}, 0}}, "a=\na=1\n", &counters) == Strings{"m@1=1"});
  CHECK(counters.unreadable_captures == 1);
  CHECK(observe({{"m", R"(v=(\d))", R"(e=(\S+))", 0}}, "e=3 v=1\ne=3/9 v=2\n", &counters) == Strings{"m@3=1", "m@3=2"});
  CHECK(counters.unreadable_captures == 1);
}

TEST_CASE("reports") {
  CHECK(observe({}, "@tune {\"step\": 3, \"validation:accuracy\": 0.81, \"loss\": \"NaN\"}\n") ==
        Strings{"validation:accuracy@3=0.81", "loss@3=nan"});
  CHECK(observe({}, "[1,0]<stdout>: @tune\t{\"a\": -Infinity, \"b\": \"Infinity\", \"c \\\" NaN\": NaN}  \n") ==
        Strings{"a@1=-inf", "b@1=inf", "c \" NaN@1=nan"});
  CHECK(observe(kAccuracy, "acc=1\n50%|### |@tune {\"acc\": 2}\n@tune {\"step\": 9.0, \"acc\": 3}\nacc=4\n") ==
        Strings{"acc@1=1", "acc@2=2", "acc@9=3", "acc@4=4"});
  CHECK(observe(kAccuracy, "\x1b[0m@tune {\"acc=5\": 1}\n") == Strings{"acc=5@1=1"});
}

TEST_CASE("bad reports are counted, and nothing is taken from them") {
  ReaderCounters counters;
  const Strings bad = {R"({"a": "x"})",
                       R"({"a": true})",
                       R"({"a": null})",
                       R"({"a": [1]})",
                       R"({"step": 1})",
                       R"({})",
                       R"({"a": 1)",
                       R"({"a": 1} x)",
                       R"({"": 1})",
                       R"({"a": 1e999})",
                       R"({"step": 1.5, "a": 1})",
                       R"({"step": -1, "a": 1})",
                       R"({"step": "NaN", "a": 1})",
                       R"({"a\n": 1})",
                       R"({"a": {"b": 1}})",
                       "{\"\xff\": 1}"};
  for (const std::string& object : bad) {
    CAPTURE(object);
    CHECK(observe(kAccuracy, "@tune " + object + "\n", &counters).empty());
    CHECK(counters.bad_reports == 1);
  }
  CHECK(observe({}, "@tune{\"a\": 1}\n@tuned {\"a\": 1}\n@tune a\n@tune", &counters).empty());
  CHECK(counters.bad_reports == 0);
}

TEST_CASE("the last lines are kept clean") {
  LogReader reader(definitions_of({}));
  const LogReader::Sink sink = [](const ParsedObservation&) {};
  reader.feed("zero\n", sink);
  CHECK(reader.last_lines() == std::deque<std::string>{"zero"});
  std::string log;
  for (int i = 1; i <= 30; ++i) log += "\x1b[31mline " + std::to_string(i) + "\x1b[0m\r\n\x1b[0m\n";
  reader.feed(log, sink);
  REQUIRE(reader.last_lines().size() == kKeptLines);
  CHECK(reader.last_lines().front() == "line 11");
  reader.feed("bad \xff byte\a " + std::string(600, 'x') + "\nno end", sink);
  CHECK(reader.last_lines().back() == "bad \xef\xbf\xbd byte  " + std::string(kKeptLineLength - 14, 'x'));
  reader.finish(sink);
  CHECK(reader.last_lines().back() == "no end");
}

}  // namespace tune::metrics
