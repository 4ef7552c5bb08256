#include <doctest/doctest.h>

#include <csignal>

#include "engine/executors/process_table.hpp"
#include "tests/engine/executors/local_fixture.hpp"

namespace tune::engine {
namespace {
using namespace std::chrono_literals;
using test::EventLog;

bool alive(const std::string& pid_file) {
  const auto info = read_process(std::stoi(test::read_file(pid_file)));
  return info && info->state != 'Z';
}

/// Starts processes that try to get away, each writing its pid into a file of the attempt's directory.
std::string runaways(const std::string& directory) {
  const std::string own_session = "setsid sh -c 'echo $$ > " + directory + "/session; exec sleep 1000' & ";
  // A daemon: forked twice, in a session of its own, its parent gone, without our environment.
  const std::string daemon =
      "( setsid sh -c 'env -i sh -c \"echo \\$\\$ > " + directory + "/daemon; exec sleep 1000\" & ' & ) ; ";
  const std::string same_group = "sh -c 'trap \"\" TERM; echo $$ > " + directory + "/group; while :; do sleep 0.02; done' & ";
  return own_session + daemon + same_group + "while ! [ -s " + directory + "/session -a -s " + directory + "/daemon -a -s " +
         directory + "/group ]; do sleep 0.01; done; echo ready; ";
}

void check_all_dead(const LaunchSpec& spec) {
  for (const char* name : {"/session", "/daemon", "/group"}) CHECK_MESSAGE(!alive(spec.directory + name), name);
  CHECK(left_over(spec) == 0);
}

TEST_CASE("local executor: nothing is left when a command ends by itself") {
  LocalFixture fixture;
  LaunchSpec spec = fixture.shell(1, "");
  spec.argv.back() = runaways(spec.directory) + "exit 5";
  EventLog log(fixture.executor(), fixture.clock());
  REQUIRE(fixture.executor().launch(spec).ok());
  log.until_over(spec.id);
  CHECK(log.exit(spec.id).code == 5);
  CHECK(!log.exit(spec.id).killed);
  check_all_dead(spec);
}

TEST_CASE("local executor: nothing is left after a stop, with grace or at once") {
  LocalFixture fixture;
  for (const TrialId trial : {1, 2}) {
    LaunchSpec spec = fixture.shell(trial, "");
    spec.argv.back() = "trap '' TERM; " + runaways(spec.directory) + "while :; do sleep 0.02; done";
    EventLog log(fixture.executor(), fixture.clock());
    REQUIRE(fixture.executor().launch(spec).ok());
    log.until_observed(spec.id);
    fixture.executor().stop(spec.id, trial == 1 ? 200ms : 0ms);
    log.until_over(spec.id);
    CHECK(log.exit(spec.id).signal == SIGKILL);
    CHECK(log.exit(spec.id).killed);
    CHECK(log.exit(spec.id).stop_requested);
    check_all_dead(spec);
  }
}

TEST_CASE("local executor: a trial that saves on SIGTERM ends as it likes, output included") {
  LocalFixture fixture;
  const LaunchSpec spec =
      fixture.shell(1, "trap 'echo saving; sleep 0.1; echo saved; exit 7' TERM; echo ready; while :; do sleep 0.02; done");
  EventLog log(fixture.executor(), fixture.clock());
  REQUIRE(fixture.executor().launch(spec).ok());
  log.until_observed(spec.id);
  fixture.executor().stop(spec.id, 10min);
  log.until_over(spec.id);
  CHECK(log.exit(spec.id).code == 7);
  CHECK(log.exit(spec.id).stop_requested);
  CHECK(!log.exit(spec.id).killed);
  // Between them the shell says that its sleep was ended.
  CHECK(log.bytes[spec.id].starts_with("ready\n"));
  CHECK(log.bytes[spec.id].ends_with("saving\nsaved\n"));
}

TEST_CASE("local executor: a suspended trial can be stopped") {
  LocalFixture fixture;
  const LaunchSpec spec = fixture.shell(1, "echo ready; kill -STOP $$; sleep 1000");
  EventLog log(fixture.executor(), fixture.clock());
  REQUIRE(fixture.executor().launch(spec).ok());
  log.until_observed(spec.id);
  fixture.executor().stop(spec.id, 10min);
  log.until_over(spec.id);
  CHECK(log.exit(spec.id).signal == SIGTERM);
}

TEST_CASE("local executor: a stop right after the launch is not lost") {
  LocalFixture fixture;
  for (TrialId trial = 1; trial <= 10; ++trial) {
    const LaunchSpec spec = fixture.shell(trial, "sleep 1000");
    EventLog log(fixture.executor(), fixture.clock());
    REQUIRE(fixture.executor().launch(spec).ok());
    fixture.executor().stop(spec.id, trial % 2 == 0 ? 0ms : std::chrono::milliseconds(10min));
    log.until_over(spec.id);
    CHECK(log.exit(spec.id).stop_requested);
    CHECK(log.exit(spec.id).signal == (trial % 2 == 0 ? SIGKILL : SIGTERM));
  }
}

TEST_CASE("local executor: a supervisor that is asked to end from outside interrupts its attempt") {
  LocalFixture fixture;
  const LaunchSpec spec = fixture.shell(1, "trap 'echo saved; exit 0' TERM; echo ready; while :; do sleep 0.02; done");
  EventLog log(fixture.executor(), fixture.clock());
  REQUIRE(fixture.executor().launch(spec).ok());
  log.until_observed(spec.id);
  kill(read_pid_file(spec.directory)->shim, SIGTERM);
  log.until_over(spec.id);
  REQUIRE(std::holds_alternative<Interrupted>(log.ends.at(spec.id)));
  CHECK(std::get<Interrupted>(log.ends.at(spec.id)).why.ends_with("by signal 15"));
  CHECK(log.bytes[spec.id].ends_with("saved\n"));
  CHECK(left_over(spec) == 0);
}

TEST_CASE("local executor: a supervisor that is killed from outside takes its attempt with it") {
  LocalFixture fixture;
  LaunchSpec spec = fixture.shell(1, "");
  // The daemon without our environment is out of reach once the supervisor is gone and its parent too; its parent is not.
  spec.argv.back() = "setsid sh -c 'echo $$ > " + spec.directory + "/session; exec sleep 1000' & env -i sleep 1000 & " +
                     "while ! [ -s " + spec.directory + "/session ]; do sleep 0.01; done; echo ready; sleep 1000";
  EventLog log(fixture.executor(), fixture.clock());
  REQUIRE(fixture.executor().launch(spec).ok());
  log.until_observed(spec.id);
  const PidFile pids = *read_pid_file(spec.directory);
  kill(pids.shim, SIGKILL);
  log.until_over(spec.id);
  REQUIRE(std::holds_alternative<Interrupted>(log.ends.at(spec.id)));
  CHECK(std::get<Interrupted>(log.ends.at(spec.id)).why.ends_with("by signal 9"));
  CHECK(!alive(spec.directory + "/session"));
  CHECK(left_over(spec) == 0);
  CHECK(fixture.executor().can_launch({}));
  CHECK(!fixture.executor().launch(spec).ok());  // it was begun; a new attempt must be a new one
}

}  // namespace
}  // namespace tune::engine
