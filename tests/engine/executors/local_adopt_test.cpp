#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <functional>

#include "engine/executors/attempt_layout.hpp"
#include "engine/executors/process_table.hpp"
#include "tests/engine/executors/local_fixture.hpp"

namespace tune::engine {
namespace {
using namespace std::chrono_literals;
using test::EventLog;

/// A process with an executor of its own that launches the attempts, reads until each has given a line, and is then killed with
/// SIGKILL. Returns the specs as a restarted engine has them: with what was consumed.
std::vector<LaunchSpec> launched_by_a_killed_process(LocalFixture& fixture, std::vector<LaunchSpec> specs) {
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  const pid_t child = fork();
  if (child == 0) {
    SystemClock clock;
    auto executor = std::move(*make_local_executor(clock, fixture.options()));
    EventLog log(*executor, clock);
    for (const LaunchSpec& spec : specs) {
      if (!executor->launch(spec).ok()) _exit(1);
    }
    for (const LaunchSpec& spec : specs) {
      log.until_observed(spec.id);
    }
    for (const LaunchSpec& spec : specs) {
      const std::uint64_t consumed = log.bytes[spec.id].size();
      if (write(ends[1], &consumed, sizeof consumed) != sizeof consumed) _exit(1);
    }
    while (true) (void)executor->wait(TimePoint::max());
  }
  close(ends[1]);
  for (LaunchSpec& spec : specs) REQUIRE(read(ends[0], &spec.log_offset, sizeof spec.log_offset) == sizeof spec.log_offset);
  close(ends[0]);
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  for (std::size_t i = 0; i < specs.size(); ++i) specs[i].slot = static_cast<int>(i);
  return specs;
}

/// The whole output is what was consumed before plus what came after, without a gap.
std::string rest_of_log(const LaunchSpec& spec) { return test::read_file(spec.directory + "/log").substr(spec.log_offset); }

TEST_CASE("local executor: trials survive kill -9 of their executor and are adopted by another one") {
  LocalFixture fixture;
  const std::string go = fixture.files() / "go";
  const std::string waiting = "echo one; while ! [ -e " + go + " ]; do sleep 0.01; done; echo two; echo three; exit 6";
  std::vector<LaunchSpec> specs =
      launched_by_a_killed_process(fixture, {fixture.shell(1, waiting), fixture.shell(2, "echo one; exec sleep 1000")});

  EventLog log(fixture.executor(), fixture.clock());
  REQUIRE(fixture.executor().adopt(specs).ok());
  log.until([&] { return log.started.size() == 2; });
  CHECK(!fixture.executor().can_launch({}));
  CHECK(log.started[{2, 1}].slot == 1);
  fixture.files().write("go", "");
  log.until_over({1, 1});
  CHECK(log.exit({1, 1}).code == 6);
  CHECK(log.bytes[{1, 1}] == rest_of_log(specs[0]));
  CHECK(log.bytes[{1, 1}].ends_with("two\nthree\n"));
  CHECK(log.first_offset[{1, 1}] == specs[0].log_offset);

  fixture.executor().stop({2, 1}, 10min);
  log.until_over({2, 1});
  CHECK(log.exit({2, 1}).signal == SIGTERM);
  CHECK(log.exit({2, 1}).stop_requested);
  for (const LaunchSpec& spec : specs) CHECK(left_over(spec) == 0);
}

TEST_CASE("local executor: a trial that ended while nobody watched is told in full") {
  LocalFixture fixture;
  const std::string go = fixture.files() / "go";
  std::vector<LaunchSpec> specs = launched_by_a_killed_process(
      fixture, {fixture.shell(1, "echo one; while ! [ -e " + go + " ]; do sleep 0.01; done; echo two; kill -ABRT $$")});
  fixture.files().write("go", "");
  while (lock_is_held(specs[0].directory)) usleep(1000);

  EventLog log(fixture.executor(), fixture.clock());
  REQUIRE(fixture.executor().adopt(specs).ok());
  log.until_over(specs[0].id);
  CHECK(log.started.contains(specs[0].id));
  CHECK(log.exit(specs[0].id).signal == SIGABRT);
  CHECK(log.bytes[specs[0].id] == rest_of_log(specs[0]));
}

TEST_CASE("local executor: a stop before an adopted attempt was found is carried out") {
  LocalFixture fixture;
  std::vector<LaunchSpec> specs = launched_by_a_killed_process(fixture, {fixture.shell(1, "echo one; exec sleep 1000")});
  EventLog log(fixture.executor(), fixture.clock());
  REQUIRE(fixture.executor().adopt(specs).ok());
  fixture.executor().stop(specs[0].id, 0ms);
  log.until_over(specs[0].id);
  CHECK(log.exit(specs[0].id).signal == SIGKILL);
  CHECK(log.exit(specs[0].id).stop_requested);
}

TEST_CASE("local executor: without supervisor and record an attempt is lost, and its processes are ended") {
  LocalFixture fixture;
  std::vector<LaunchSpec> specs = launched_by_a_killed_process(fixture, {fixture.shell(1, "echo one; sleep 1000")});
  const PidFile pids = *read_pid_file(specs[0].directory);
  kill(pids.shim, SIGKILL);
  while (lock_is_held(specs[0].directory)) usleep(1000);
  CHECK(read_process(pids.child).has_value());

  EventLog log(fixture.executor(), fixture.clock());
  REQUIRE(fixture.executor().adopt(specs).ok());
  log.until_over(specs[0].id);
  CHECK(std::holds_alternative<Lost>(log.ends.at(specs[0].id)));
  const auto command = read_process(pids.child);
  CHECK((!command || command->state == 'Z'));
  CHECK(left_over(specs[0]) == 0);
  // A supervisor that comes too late finds that the attempt was given up.
  std::filesystem::remove(specs[0].directory + "/pid");
  const auto late = test::run_process({fixture.options().shim_path, "--dir", specs[0].directory, "--", "/bin/true"});
  CHECK(late.exit_code == kShimStartedBefore);
}

TEST_CASE("local executor: numbers of another boot or of another process mean nobody") {
  LocalFixture fixture;
  const LaunchSpec spec = fixture.shell(1, "");
  const auto self = read_process(getpid());
  REQUIRE(self.has_value());
  const auto pid_file = [&](std::uint64_t start, const std::string& boot) {
    return "{\"version\":1,\"shim\":" + std::to_string(getpid()) + ",\"shim_start\":" + std::to_string(start) +
           ",\"child\":" + std::to_string(getpid()) + ",\"child_start\":" + std::to_string(start) + ",\"boot_id\":\"" + boot +
           "\"}";
  };
  const std::string path = "trials/1/1/pid";
  fixture.files().write(path, pid_file(self->start_time, boot_id()));
  CHECK(ShimProcess::attach(*read_pid_file(spec.directory)).has_value());
  fixture.files().write(path, pid_file(self->start_time + 1, boot_id()));
  CHECK(!ShimProcess::attach(*read_pid_file(spec.directory)).has_value());
  fixture.files().write(path, pid_file(self->start_time, "another-boot"));
  CHECK(!read_pid_file(spec.directory).has_value());
  fixture.files().write(path, "{\"version\":1,\"shim\":");
  CHECK(!read_pid_file(spec.directory).has_value());

  // We are the "command" of this attempt now, by number and start time: an executor that sweeps it spares itself.
  fixture.files().write(path, pid_file(self->start_time, boot_id()));
  EventLog log(fixture.executor(), fixture.clock());
  REQUIRE(fixture.executor().adopt(std::vector<LaunchSpec>{spec}).ok());
  log.until_over(spec.id);
  CHECK(std::holds_alternative<Lost>(log.ends.at(spec.id)));
}

TEST_CASE("local executor: a damaged exit record is no end") {
  LocalFixture fixture;
  const LaunchSpec spec = fixture.shell(1, "");
  for (const char* text : {"", "{", "[]", "{\"version\":1}", "{\"code\":\"0\"}", "nonsense"}) {
    fixture.files().write("trials/1/1/exit.json", text);
    CHECK_MESSAGE(!read_exit_file(spec).file, text);
  }
  fixture.files().write("trials/1/1/exit.json", "{\"code\":0,\"stop_requested\":1,\"started_us\":\"now\"}");
  const auto odd = read_exit_file(spec).file;
  REQUIRE(odd.has_value());
  CHECK(odd->exit.code == 0);
  CHECK(!odd->exit.stop_requested);
}

TEST_CASE("local executor: an exit record of an earlier build says by a number that memory had run out") {
  LocalFixture fixture;
  const LaunchSpec spec = fixture.shell(1, "");
  const auto oom_killed = [&](const std::string& rest) {
    fixture.files().write("trials/1/1/exit.json", "{\"version\":1,\"code\":null,\"signal\":9" + rest + "}");
    return read_exit_file(spec).file.value().exit.oom_killed;
  };
  CHECK(oom_killed(",\"oom_kills\":1"));
  CHECK_FALSE(oom_killed(",\"oom_kills\":0"));
  CHECK(oom_killed(",\"oom_killed\":true"));
  CHECK_FALSE(oom_killed(",\"oom_killed\":false,\"oom_kills\":1"));
  CHECK_FALSE(oom_killed(""));
}

TEST_CASE("local executor: an exit record whose log has lost its end is no end") {
  LocalFixture fixture;
  for (const bool whole : {true, false}) {
    LaunchSpec spec = fixture.shell(whole ? 1 : 2, "");
    const std::string directory = "trials/" + std::to_string(spec.id.trial) + "/1/";
    fixture.files().write(directory + "log", whole ? "loss=3\nloss=2\n" : "loss=3\n");
    fixture.files().write(directory + "exit.json", "{\"version\":1,\"code\":0,\"signal\":null,\"log_bytes\":14}");
    REQUIRE(fixture.executor().adopt(std::span(&spec, 1)).ok());
    EventLog log(fixture.executor(), fixture.clock());
    log.until_over(spec.id);
    CHECK(std::holds_alternative<Ended>(log.ends.at(spec.id)) == whole);
  }
}

TEST_CASE("local executor: an exit record that cannot be read now is not one that is not there") {
  LocalFixture fixture;
  const LaunchSpec spec = fixture.shell(1, "");
  CHECK(read_exit_file(spec).readable);
  std::filesystem::create_directories(spec.directory + "/exit.json");  // opens, and cannot be read
  CHECK(!read_exit_file(spec).readable);
  CHECK(!read_exit_file(spec).file);
}

}  // namespace
}  // namespace tune::engine
