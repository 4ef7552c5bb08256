// `kill -9` of tune at random moments, shortened; docs/testing.md says how to run the whole storm.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/support/test_support.hpp"

namespace {

void storm(const std::vector<std::string>& options) {
  std::vector<std::string> argv = {"python3", (tune::test::source_dir() / "tests/faults/kill_storm.py").string(), "--tune",
                                   tune::test::program("tune").string()};
  argv.insert(argv.end(), options.begin(), options.end());
  const auto result = tune::test::run_process(argv);
  INFO(result.out << result.err);
  CHECK(result.exit_code == 0);
  CHECK(result.out.find(" 0 differences;") != std::string::npos);
}

}  // namespace

TEST_CASE("a study whose tune is killed at random moments reports what the undisturbed one does") {
  storm({"--kills", "88", "--seed", "1", "--jobs", "4"});
}

TEST_CASE("the same with a strategy that learns from what has happened") {
  storm({"--kills", "6", "--seed", "2", "--strategy", "bayesian", "--trials", "24"});
}

TEST_CASE("the same where trials are proposed ahead") {
  storm({"--kills", "6", "--seed", "3", "--strategy", "bayesian", "--trials", "24", "--lookahead", "1"});
}
