#include "engine/executors/local_executor.hpp"

#include <doctest/doctest.h>
#include <sys/resource.h>

#include <algorithm>
#include <cstdlib>

#include "tests/engine/executors/local_fixture.hpp"

namespace tune::engine {
namespace {
using namespace std::chrono_literals;
using test::EventLog;

TEST_CASE("local executor: conformance") { test::run_executor_conformance<LocalFixture>(); }

/// Runs one attempt to its end and gives its events.
EventLog finished(LocalFixture& fixture, const LaunchSpec& spec) {
  EventLog log(fixture.executor(), fixture.clock());
  const Status status = fixture.executor().launch(spec);
  REQUIRE_MESSAGE(status.ok(), status.message());
  log.until_over(spec.id);
  CHECK(left_over(spec) == 0);
  return log;
}

TEST_CASE("local executor: exit codes, signals and use of resources") {
  LocalFixture fixture;
  const LaunchSpec code = fixture.shell(1, "exit 42");
  const EventLog first = finished(fixture, code);
  CHECK(first.exit(code.id).code == 42);
  CHECK(first.exit(code.id).max_rss_bytes > 0);
  CHECK(first.exit(code.id).ended >= first.exit(code.id).started);

  const LaunchSpec by_signal = fixture.shell(2, "kill -SEGV $$");
  const EventLog second = finished(fixture, by_signal);
  CHECK(second.exit(by_signal.id).signal == SIGSEGV);
  CHECK(!second.exit(by_signal.id).code.has_value());
  CHECK(!second.exit(by_signal.id).stop_requested);

  // SIGTERM that the trial sends to itself is its own affair.
  const LaunchSpec own = fixture.shell(3, "kill -TERM $$");
  CHECK(finished(fixture, own).exit(own.id).signal == SIGTERM);
}

TEST_CASE("local executor: a command that cannot run ends with the reason") {
  LocalFixture fixture;
  const LaunchSpec missing = fixture.command(1, {"/no/such/program"});
  CHECK(finished(fixture, missing).exit(missing.id).launch_error == "cannot run '/no/such/program': No such file or directory");

  const LaunchSpec forbidden = fixture.command(2, {fixture.files().write("not_executable", "#!/bin/sh\n")});
  CHECK(finished(fixture, forbidden).exit(forbidden.id).launch_error.ends_with("Permission denied"));

  LaunchSpec nowhere = fixture.shell(3, "true");
  nowhere.working_directory = "/no/such/folder";
  CHECK(finished(fixture, nowhere).exit(nowhere.id).launch_error ==
        "cannot enter the directory '/no/such/folder': No such file or directory");

  const LaunchSpec long_one = fixture.command(5, {"/bin/true", std::string(200'000, 'x')});
  CHECK(finished(fixture, long_one).exit(long_one.id).launch_error.ends_with("too long"));
}

TEST_CASE("local executor: a command that the machine did not let start is lost, not failed") {
  LocalFixture fixture;
  const LaunchSpec no_log = fixture.shell(1, "true");
  std::filesystem::create_directories(no_log.directory + "/log");
  const auto log = finished(fixture, no_log);
  REQUIRE(std::holds_alternative<Lost>(log.ends.at(no_log.id)));
  CHECK(std::get<Lost>(log.ends.at(no_log.id)).why.starts_with("cannot open the log"));
}

TEST_CASE("local executor: what cannot be started at all is an error and nothing is reported") {
  LocalFixture fixture;
  fixture.options().shim_path = "/no/such/shim";
  CHECK(make_local_executor(fixture.clock(), fixture.options()).status().code() == ErrorCode::kExecutor);

  const std::string shim = fixture.files().write("shim", "#!/no/such/interpreter\n");
  std::filesystem::permissions(shim, std::filesystem::perms::owner_all);
  fixture.options().shim_path = shim;
  fixture.restart();
  const Status status = fixture.executor().launch(fixture.shell(1, "true"));
  CHECK(status.code() == ErrorCode::kExecutor);
  CHECK(status.message().find(shim) != std::string::npos);
  CHECK(fixture.executor().wait(fixture.clock().now()).empty());
  CHECK(fixture.executor().can_launch({}));
}

TEST_CASE("local executor: an attempt never starts twice") {
  LocalFixture fixture;
  const LaunchSpec spec = fixture.shell(1, "echo once");
  finished(fixture, spec);
  CHECK(fixture.executor().launch(spec).code() == ErrorCode::kStorage);
  CHECK(test::read_file(spec.directory + "/log") == "once\n");

  // Nor when two supervisors get the same directory: the second one gives way, and the first one's processes live on.
  const LaunchSpec twin = fixture.shell(2, "echo here; exec sleep 1000");
  EventLog log(fixture.executor(), fixture.clock());
  REQUIRE(fixture.executor().launch(twin).ok());
  log.until_observed(twin.id);
  const auto second = test::run_process({fixture.options().shim_path, "--dir", twin.directory, "--", "/bin/true"});
  CHECK(second.exit_code == 75);
  fixture.executor().stop(twin.id, 10min);
  log.until_over(twin.id);
  CHECK(log.exit(twin.id).signal == SIGTERM);
  const auto third = test::run_process({fixture.options().shim_path, "--dir", twin.directory, "--", "/bin/true"});
  CHECK(third.exit_code == 76);
}

TEST_CASE("tune-shim: bad arguments") {
  const std::string shim = test::program("tune-shim").string();
  CHECK(test::run_process({shim}).exit_code == 64);
  CHECK(test::run_process({shim, "--dir", "/tmp"}).exit_code == 64);
  CHECK(test::run_process({shim, "--dir", "/tmp", "--grace-ms", "soon", "--", "true"}).exit_code == 64);
  CHECK(test::run_process({shim, "--dir", "/no/such/dir", "--", "true"}).exit_code == 66);
}

TEST_CASE("local executor: environment, directory, streams and descriptors of a trial") {
  setenv("TUNE_TEST_FROM_CALLER", "caller", 1);
  setenv("TUNE_TEST_REPLACED", "caller", 1);
  const int inherited = dup(0);  // not close-on-exec: must not reach the trial
  LocalFixture fixture;
  LaunchSpec spec = fixture.shell(1,
                                  "echo $TUNE_TEST_FROM_CALLER $TUNE_TEST_REPLACED $TUNE_TEST_NEW; pwd; echo [$(cat)]; "
                                  "ls /proc/self/fd | tr '\\n' ' '; ps -o sid= -p $$ | tr -d ' ' > session");
  spec.environment = {{"TUNE_TEST_REPLACED", "trial"}, {"TUNE_TEST_NEW", "a b=c"}};
  spec.working_directory = fixture.files().path().string();
  const EventLog log = finished(fixture, spec);
  const std::string& text = log.bytes.at(spec.id);
  CHECK(text.find("caller trial a b=c\n" + spec.working_directory + "\n[]\n") == 0);
  CHECK(text.find("0 1 2 3 ") != std::string::npos);  // 3 is the folder that ls reads
  CHECK(text.find(" 4 ") == std::string::npos);
  close(inherited);
  unsetenv("TUNE_TEST_FROM_CALLER");
  unsetenv("TUNE_TEST_REPLACED");
}

TEST_CASE("local executor: a trial starts with default signals, whatever the caller ignores or blocks") {
  signal(SIGPIPE, SIG_IGN);
  sigset_t set;
  sigset_t before;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigprocmask(SIG_BLOCK, &set, &before);
  {
    LocalFixture fixture;
    const LaunchSpec spec = fixture.shell(1, "grep -E '^Sig(Blk|Ign)' /proc/self/status | tr -d '\\n\\t'");
    const EventLog log = finished(fixture, spec);
    const std::string& text = log.bytes.at(spec.id);
    constexpr std::uint64_t kUsersSignals = 0x7fffffff;  // 32 and 33 are the C library's own
    for (const std::string name : {"SigBlk:", "SigIgn:"}) {
      const std::size_t at = text.find(name);
      REQUIRE(at != std::string::npos);
      CHECK((std::stoull(text.substr(at + name.size(), 16), nullptr, 16) & kUsersSignals) == 0);
    }
  }
  sigprocmask(SIG_SETMASK, &before, nullptr);
  signal(SIGPIPE, SIG_DFL);
}

TEST_CASE("local executor: much output without a newline arrives whole, in chunks") {
  LocalFixture fixture;
  constexpr std::size_t kBytes = 20'000'000;
  const LaunchSpec loud = fixture.shell(1, "head -c 20000000 /dev/zero | tr '\\0' x; printf end");
  const LaunchSpec quiet = fixture.shell(2, "echo loss=1; exec sleep 1000");
  REQUIRE(fixture.executor().launch(loud).ok());
  REQUIRE(fixture.executor().launch(quiet).ok());
  EventLog log(fixture.executor(), fixture.clock());
  while (!log.over(loud.id)) {
    std::size_t bytes = 0;
    for (ExecutorEvent& event : fixture.executor().wait(fixture.clock().now() + 1s)) {
      if (const auto* output = std::get_if<Output>(&event.body)) {
        CHECK(output->bytes.size() <= kLogChunk);
        bytes += output->bytes.size();
      }
      log.take(std::move(event));
    }
    CHECK(bytes <= kLogBytesPerWait);
  }
  const std::string& text = log.bytes[loud.id];
  REQUIRE(text.size() == kBytes + 3);
  CHECK(std::all_of(text.begin(), text.end() - 3, [](char byte) { return byte == 'x'; }));
  CHECK(text.ends_with("end"));
  log.until_observed(quiet.id);
  fixture.executor().stop(quiet.id, 0ms);
  log.until_over(quiet.id);
}

TEST_CASE("local executor: a machine without free descriptors lets attempts wait, and starts them later") {
  LocalFixture fixture;
  EventLog log(fixture.executor(), fixture.clock());
  const LaunchSpec spec = fixture.shell(1, "echo loss=1");
  rlimit before{};
  getrlimit(RLIMIT_NOFILE, &before);
  std::vector<int> taken;
  rlimit low = before;
  low.rlim_cur = 64;
  REQUIRE(setrlimit(RLIMIT_NOFILE, &low) == 0);
  for (int fd = dup(0); fd >= 0; fd = dup(0)) taken.push_back(fd);
  const Status status = fixture.executor().launch(spec);
  const auto events = fixture.executor().wait(fixture.clock().now());
  for (const int fd : taken) close(fd);
  setrlimit(RLIMIT_NOFILE, &before);
  REQUIRE_MESSAGE(status.ok(), status.message());
  REQUIRE(events.size() == 1);
  CHECK(std::holds_alternative<Waiting>(events[0].body));
  log.until_over(spec.id);
  CHECK(log.exit(spec.id).code == 0);
  CHECK(log.bytes[spec.id] == "loss=1\n");
}

}  // namespace
}  // namespace tune::engine
