// The search benchmark (benchmarks/search): its problems are what they say, and its runner and its report work. Needs numpy.
#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/support/test_support.hpp"

using tune::test::ProcessResult;
using tune::test::TempDir;

namespace {

ProcessResult python(const std::string& script, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {"python3", (tune::test::source_dir() / script).string()});
  return tune::test::run_process(arguments, "", "",
                                 {"TUNE_BIN=" + tune::test::program("tune").string(), "PYTHONDONTWRITEBYTECODE=1"});
}

bool has_numpy() {
  const bool found = tune::test::run_process({"python3", "-c", "import numpy"}).exit_code == 0;
  if (!found) MESSAGE("skipped: python3 has no numpy");
  return found;
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("problems have the best they claim, judge and repeat as they should") {
  if (!has_numpy()) return;
  const auto result = python("tests/search_benchmark/check_benchmark.py", {});
  INFO(result.out << result.err);
  CHECK(result.exit_code == 0);
  CHECK(has(result.err, "Ran "));
}

TEST_CASE("the runner drives tune and random search, does nothing twice, and the report shows both") {
  if (!has_numpy()) return;
  const TempDir files;
  const std::string results = files / "results.jsonl";
  const std::vector<std::string> arguments = {
      "--arms", "tune:initial=4,tune,random", "--seeds", "1", "--evaluations", "6", "--results", results, "branin", "mixed_a"};
  const auto first = python("benchmarks/search/run.py", arguments);
  INFO(first.out << first.err);
  REQUIRE(first.exit_code == 0);
  const std::string kept = tune::test::read_file(results);
  CHECK(std::count(kept.begin(), kept.end(), '\n') == 6);
  CHECK(has(kept, R"("arm":"tune:initial=4","problem":"mixed_a","seed":0,"pending":0,"evaluations":6,"told":6,"failures":0)"));

  const auto second = python("benchmarks/search/run.py", arguments);
  CHECK(has(second.err, "0 runs to make"));
  CHECK(tune::test::read_file(results) == kept);

  const auto parallel = python("benchmarks/search/run.py", {"--arms", "tune", "--seeds", "1", "--evaluations", "9", "--pending",
                                                            "4", "--results", results, "ackley5"});
  INFO(parallel.out << parallel.err);
  CHECK(parallel.exit_code == 0);

  const auto report = python("benchmarks/search/report.py", {results, "--evaluations", "6", "--problems"});
  INFO(report.out << report.err);
  CHECK(report.exit_code == 0);
  for (const char* part : {"synthetic, tuned, 0 pending", "mixed, tuned, 0 pending", "tune:initial=4", "random"})
    CHECK(has(report.out, part));
  CHECK(!has(report.out, "ackley5"));
}

TEST_CASE("what is wrong is said") {
  if (!has_numpy()) return;
  const TempDir files;
  const std::string results = files / "results.jsonl";
  const auto arm = python("benchmarks/search/run.py", {"--arms", "oracle", "--results", results});
  CHECK(arm.exit_code != 0);
  CHECK(has(arm.err, "oracle: no such arm; there are tune, random"));
  const auto problem = python("benchmarks/search/run.py", {"--arms", "random", "--results", results, "bran"});
  CHECK(problem.exit_code != 0);
  CHECK(has(problem.err, "bran: no such problem or group"));
  const auto option =
      python("benchmarks/search/run.py", {"--arms", "tune:acquisition=oracle", "--seeds", "1", "--results", results, "branin"});
  CHECK(option.exit_code == 1);
  CHECK(has(option.err, "oracle"));
}
