#include "engine/journal/study_lock.hpp"

#include <doctest/doctest.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>

#include "engine/core/study_core.hpp"
#include "tests/support/test_support.hpp"

namespace {

using namespace tune;
using namespace tune::engine;
using tune::test::TempDir;

TEST_CASE("a living owner keeps the lock, and the message names it") {
  const TempDir dir;
  const auto lock = StudyLock::take(dir.path().string());
  REQUIRE(lock.ok());
  CHECK(StudyLock::held(dir.path().string()));
  const auto second = StudyLock::take(dir.path().string());
  REQUIRE_FALSE(second.ok());
  CHECK(second.status().code() == ErrorCode::kInUse);
  CHECK(second.status().message().find("process " + std::to_string(getpid())) != std::string::npos);
}

TEST_CASE("a killed owner's lock is waited for where a process it was starting still has a copy") {
  const TempDir dir;
  int ready[2];
  REQUIRE(pipe(ready) == 0);
  const pid_t owner = fork();
  if (owner == 0) {
    const auto lock = StudyLock::take(dir.path().string());
    if (!lock.ok()) _exit(1);
    const pid_t starting = fork();  // as between fork and exec: all descriptors are copied
    if (starting == 0) {
      poll(nullptr, 0, 200);
      _exit(0);
    }
    [[maybe_unused]] const ssize_t told = write(ready[1], "x", 1);
    for (;;) pause();
  }
  char word = 0;
  REQUIRE(read(ready[0], &word, 1) == 1);
  close(ready[0]);
  close(ready[1]);
  kill(owner, SIGKILL);
  CHECK(StudyLock::take(dir.path().string()).ok());  // the owner is not even waited for: a zombie is dead enough
  int state = 0;
  waitpid(owner, &state, 0);
  CHECK(WIFSIGNALED(state));
}

TEST_CASE("a journal that cannot be read is there all the same") {
  const TempDir dir;
  CHECK_FALSE(holds_study(dir.path().string()));
  dir.write("cut/journal.jsonl", "{\"v\":1,");
  CHECK_FALSE(holds_study(dir / "cut"));                           // killed while it wrote the very first record
  std::filesystem::create_directories(dir / "odd/journal.jsonl");  // even root cannot read a directory as a file
  CHECK(holds_study(dir / "odd"));
}

}  // namespace
