#include "metrics/log_check.hpp"

#include <doctest/doctest.h>

#include <fstream>
#include <sstream>

#include "tests/metrics/slow_reader.hpp"
#include "tests/support/test_support.hpp"

namespace tune::metrics {
namespace {

LogCheck check(const std::vector<MetricDefinition>& definitions, const std::string& log, const std::string& objective = "m") {
  std::istringstream stream(log);
  auto result = check_log(definitions, objective, stream);
  REQUIRE_MESSAGE(result.ok(), result.status().message());
  return *result;
}

bool warns(const std::vector<Warning>& warnings, const std::string& part) {
  for (const Warning& warning : warnings) {
    if (warning.what.find(part) != std::string::npos || warning.advice.find(part) != std::string::npos) return true;
  }
  return false;
}

std::vector<Warning> lint_of(const std::string& regex) { return lint({"m", regex, {}, 0}); }

}  // namespace

TEST_CASE("lint: groups that cut numbers short") {
  for (const char* regex : {R"(acc=([0-9\.]+))", R"(acc=([0-9.]+))", R"(acc=(\d+\.\d+),)", R"(acc=(\d+))",
                            R"('acc': ([0-9]+(.|e\-)[0-9]+),?)", R"(acc=(?P<value>[\d.]*))"}) {
    CAPTURE(regex);
    CHECK(warns(lint_of(regex), "exponents"));
  }
  CHECK(warns(lint_of(R"(acc=(\d+))"), "fractions"));
  for (const char* regex : {R"(acc=([-+.\deE]+|nan))", R"(acc=(\S+))", R"(acc=([-+]?([0-9]*\.?[0-9]+)([eE][-+]?[0-9]+)?))",
                            R"(acc=([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?))", R"(acc=(.*))"}) {
    CAPTURE(regex);
    CHECK_FALSE(warns(lint_of(regex), "exponents"));
  }
}

TEST_CASE("lint: lazy ends, longer names") {
  CHECK(warns(lint_of(R"(acc=(.*?))"), "captures nothing"));
  CHECK(warns(lint_of(R"(acc=(\S+?).*)"), "one character"));
  CHECK(lint_of(R"(\bacc=(.*?);)").empty());
  CHECK(warns(lint_of(R"(loss: (\S+))"), "also read 'val_loss: "));
  CHECK(warns(lint_of(R"(.*loss: (\S+).*)"), "also read 'val_loss: "));
  CHECK(lint_of(R"(\bloss: (\S+))").empty());
  CHECK(lint_of(R"( loss: (\S+))").empty());
  CHECK(lint_of(R"(val_loss: (\S+))").empty());
  CHECK(warns(lint_of(R"(.*mAP\(bbox\)/IoU=0\.5:\s*(\S+).*)"), "captures 0.95:"));
  CHECK(lint_of(R"(\] mAP\(bbox\)/IoU=0\.5: (\S+))").empty());
}

TEST_CASE("the definitions of this project have no trap") {
  for (const char* name :
       {"sagemaker-image-classification", "mxnet-module", "gluoncv-cifar", "keras", "nanogpt", "tensorpack-mask-rcnn"}) {
    for (const MetricDefinition& definition : load_definitions(name)) {
      CAPTURE(definition.regex);
      CHECK(lint(definition).empty());
    }
  }
}

TEST_CASE("what was read") {
  const LogCheck found =
      check({{"m", R"(val=(\S+))", R"(Epoch (\d+))", 0}}, "Epoch 1 val=0.5\nEpoch 2\nval=x\n\nval=0.75\nEpoch 9 val=1e-3");
  const MetricCheck& metric = found.metrics.at(0);
  CHECK(found.counters.lines == 5);
  CHECK(found.objective_found());
  CHECK(found.warnings.empty());
  CHECK(metric.observations == 3);
  CHECK(metric.distinct_steps == 3);
  CHECK(metric.smallest_step == 1);
  CHECK(metric.largest_step == 9);
  CHECK(metric.first->value == 0.5);
  CHECK(metric.last->step == 9);
  CHECK(metric.last->line.number == 5);
  CHECK(metric.last->line.text == "Epoch 9 val=1e-3");
  CHECK(metric.unreadable.count == 1);
  CHECK(metric.unreadable.shown.at(0).detail == "x");
  CHECK(metric.unreadable.shown.at(0).line.number == 3);
  CHECK(metric.warnings.empty());
}

TEST_CASE("near misses") {
  const LogCheck found = check({{"m:acc", R"(Accuracy=([0-9.]+))", {}, 0}},
                               "accuracy=1\nAccuracy=nan now\nthe m:acc: 5\nthe m:acc improved\nother\n", "m:acc");
  const Examples& near = found.metrics.at(0).near_misses;
  REQUIRE(near.count == 3);
  CHECK(near.shown[0].detail.find("(?i)") != std::string::npos);
  CHECK(near.shown[1].detail.find("then comes 'nan'") != std::string::npos);
  CHECK(near.shown[2].detail == "it names the metric, and a number follows");
  CHECK(warns(found.metrics[0].warnings, "no value was read"));
  CHECK(warns(found.warnings, "no_objective"));
  CHECK_FALSE(found.objective_found());
}

TEST_CASE("traps that only a log shows") {
  const std::string epochs = "Epoch 0 loss=3\nEpoch 1 loss=2\n";
  CHECK(warns(check({{"m", R"(\bloss=(\S+))", R"(Epoch (\d+))", 0}}, epochs).metrics[0].warnings, "step_offset: 1"));
  CHECK(check({{"m", R"(\bloss=(\S+))", R"(Epoch (\d+))", 1}}, epochs).metrics[0].warnings.empty());
  CHECK(warns(check({{"m", R"(\bloss=(\S+))", R"(epoch (\d+))", 1}}, epochs).metrics[0].warnings, "matched no line"));
  CHECK(warns(check({{"m", R"(\bloss=(\S+))", R"(Epoch (\d+))", 1}}, "loss=9\n" + epochs).metrics[0].warnings,
              "before the first step"));
  CHECK(warns(check({{"m", R"(\bloss=(\S+))", R"(Epoch (\d+))", 1}}, epochs + epochs).metrics[0].warnings, "goes back 1 time"));
  CHECK(warns(check({{"m", R"(loss=(\S+))", {}, 0}}, "loss=1 val_loss=2\nval_loss=3\n").metrics[0].warnings,
              "val_loss (1 line, line 2 first)"));

  std::string bar = "Epoch 1\n";
  for (int i = 0; i < 20; ++i) bar += "50%|##  | loss=0.5\r";
  CHECK(warns(check({{"m", R"(\bloss=(\S+))", {}, 0}}, bar).metrics[0].warnings, "progress bars say it (20 of 20)"));
  std::string same;
  for (int i = 0; i < 20; ++i) same += "loss=0.5\n";
  CHECK(warns(check({{"m", R"(\bloss=(\S+))", {}, 0}}, same).metrics[0].warnings, "again and again (19 of 20)"));
  CHECK(warns(check({{"m", R"(\bloss=(\S+))", R"(Epoch (\d+))", 0}}, bar).metrics[0].warnings, "20 values at 1 step"));
}

TEST_CASE("reports are checked too") {
  const LogCheck found = check({}, "@tune {\"m\": 1}\n@tune {\"m\": }\n@tune {\"step\": 7, \"m\": 2, \"n\": 3}\n");
  REQUIRE(found.metrics.size() == 2);
  CHECK(found.objective_found());
  CHECK(found.metrics[0].objective);
  CHECK_FALSE(found.metrics[0].definition.has_value());
  CHECK(found.metrics[0].largest_step == 7);
  CHECK(found.bad_reports.count == 1);
  CHECK(found.bad_reports.shown.at(0).line.number == 2);
}

TEST_CASE("errors") {
  std::istringstream log("x");
  CHECK_FALSE(check_log(std::vector<MetricDefinition>{{"m", "x", {}, 0}}, "m", log).ok());
  const test::TempDir files;
  std::ifstream directory(files.path(), std::ios::binary);  // opens, and cannot be read
  CHECK_FALSE(check_log({}, "m", directory).ok());
  std::istringstream empty("");
  const auto nothing = check_log({}, "", empty);
  REQUIRE(nothing.ok());
  CHECK(warns(nothing->warnings, "the log is empty"));
}

TEST_CASE("as text") {
  const LogCheck found =
      check({{"m", R"(loss=([0-9.]+))", R"(Epoch (\d+))", 0}},
            "Epoch 0 \x1b[1mloss=3\x1b[0m\nEpoch 1 loss=..\nloss=nan\nEpoch 2 loss=1\n@tune {}\n" + std::string(70000, 'x'));
  CHECK(render(found) == R"(6 lines read, 1 cut at 65536 bytes, 1 unreadable capture, 1 bad @tune line

m  (the objective)
  regex loss=([0-9.]+)
  step  Epoch (\d+)
  2 values at 2 steps: 0 to 2
  first  step 0      3             line 1: Epoch 0 loss=3
  last   step 2      1             line 4: Epoch 2 loss=1
  warning: the group ([0-9.]+) does not take exponents (1.2e-05), signs (-0.31), nan; a number may be cut short and read wrongly
           write ([-+.\deE]+|nan|inf)
  warning: it would also read 'val_loss=...'
           begin it with '\bloss=': no letter, digit or _ may stand before
  warning: steps start at 0; tune counts them from 1
           add step_offset: 1
  unreadable, no number captured: 1 line
    line 2: Epoch 1 loss=..
      captured: '..'
  near misses: 1 line
    line 3: loss=nan
      what is before the value matches; then comes 'nan'

  bad @tune lines, not one flat JSON object of numbers: 1 line
    line 5: @tune {}
)");
}

}  // namespace tune::metrics
