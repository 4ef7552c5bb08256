// A fault at system calls of a small study, one after the other; docs/testing.md says how to have it at every one.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/support/test_support.hpp"

namespace {

void sweep(const std::vector<std::string>& options) {
  constexpr int kSkipped = 77;
  std::vector<std::string> argv = {"python3", "-B", (tune::test::source_dir() / "tests/faults/every_call.py").string(), "--tune",
                                   tune::test::program("tune").string()};
  argv.insert(argv.end(), options.begin(), options.end());
  const auto result = tune::test::run_process(argv);
  INFO(result.out << result.err);
  if (result.exit_code == kSkipped) {
    MESSAGE(result.out);
    return;
  }
  CHECK(result.exit_code == 0);
  CHECK(result.out.find(" 0 broken;") != std::string::npos);
}

}  // namespace

TEST_CASE("tune or a helper of it is killed at a system call: the study goes on to the same report") {
  sweep({"--fault", "kill", "--first", "1", "--stride", "6"});
}

TEST_CASE("tune, its helpers and its trials are killed at once at a system call: the same") {
  sweep({"--fault", "kill-all", "--first", "4", "--stride", "9"});
}

TEST_CASE("the machine loses power at a system call, and with it what was not synced: the same") {
  sweep({"--fault", "power-loss", "--first", "5", "--stride", "8"});
}

TEST_CASE("tune is killed at a system call, and then each resume of it a call later: the same") {
  sweep({"--fault", "kill", "--nested", "--first", "20", "--stride", "40"});
}

TEST_CASE("a system call fails: the study is finished, or tune says what is wrong and goes on later, to the same report") {
  sweep({"--fault", "ENOSPC", "--first", "2", "--stride", "7"});
  sweep({"--fault", "EIO", "--first", "3", "--stride", "23"});
  sweep({"--fault", "EMFILE", "--first", "5", "--stride", "17"});
  sweep({"--fault", "EACCES", "--first", "7", "--stride", "17"});
  sweep({"--fault", "ENOMEM", "--first", "11", "--stride", "17"});
  sweep({"--fault", "EAGAIN", "--first", "1", "--stride", "2"});
}

TEST_CASE("from a system call on all of them fail: the same") {
  sweep({"--fault", "ENOSPC", "--lasting", "--first", "6", "--stride", "13"});
  sweep({"--fault", "EIO", "--lasting", "--first", "9", "--stride", "31"});
}

TEST_CASE("a system call takes half of what it was given: nobody notices") {
  sweep({"--fault", "short", "--first", "4", "--stride", "9"});
}
