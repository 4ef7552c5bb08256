#include <doctest/doctest.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <vector>

#include "engine/executors/process_table.hpp"
#include "tests/engine/executors/local_fixture.hpp"

namespace tune::engine {
namespace {
using test::EventLog;

/// The launchers among our children.
std::vector<pid_t> launchers() {
  std::vector<pid_t> found;
  for (const ProcessInfo& process : all_processes()) {
    const std::string line = test::read_file("/proc/" + std::to_string(process.pid) + "/cmdline");
    if (process.parent == getpid() && line.find("--launcher") != std::string::npos) found.push_back(process.pid);
  }
  return found;
}

#ifdef TUNE_HAS_LAUNCHER
TEST_CASE("local executor: a launcher that was killed is replaced, and what it had started goes on") {
  LocalFixture fixture;
  const LaunchSpec first = fixture.shell(1, "echo here; sleep 0.3; exit 7");
  EventLog log(fixture.executor(), fixture.clock());
  REQUIRE(fixture.executor().launch(first).ok());
  log.until_observed(first.id);  // its supervisor has a title of its own by then
  const std::vector<pid_t> found = launchers();
  REQUIRE(found.size() == 1);
  REQUIRE(kill(found.front(), SIGKILL) == 0);
  while (!launchers().empty()) poll(nullptr, 0, 1);
  const LaunchSpec second = fixture.shell(2, "exit 8");
  REQUIRE(fixture.executor().launch(second).ok());
  log.until_over(first.id);
  log.until_over(second.id);
  CHECK(log.exit(first.id).code == 7);
  CHECK(log.exit(second.id).code == 8);
}
#else
TEST_CASE("local executor: sanitizers start supervisors directly") { CHECK(launchers().empty()); }
#endif

}  // namespace
}  // namespace tune::engine
