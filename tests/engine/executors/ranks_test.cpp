#include "engine/executors/ranks.hpp"

#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <set>
#include <thread>

#include "engine/executors/port_reservation.hpp"
#include "tests/engine/executors/local_fixture.hpp"

/// Attempts of several processes.
namespace tune::engine {
namespace {
using namespace std::chrono_literals;
using test::EventLog;

ExitRecord record(std::optional<int> code, int ended = 0, bool stop_requested = false) {
  ExitRecord exit;
  exit.code = code;
  exit.ended = TimePoint(std::chrono::seconds(ended));
  exit.stop_requested = stop_requested;
  return exit;
}

/// A shell script run by `count` processes.
LaunchSpec group(LocalFixture& fixture, TrialId trial, int count, const std::string& script) {
  LaunchSpec spec = fixture.shell(trial, script);
  spec.resources.processes = count;
  return spec;
}

int left_of_all(const LaunchSpec& spec) {
  int left = 0;
  for (int rank = 0; rank < spec.resources.processes; ++rank) left += sweep_attempt(rank_directory(spec.directory, rank));
  return left;
}

const char* kForEver = "trap 'exit 0' TERM; echo up; while :; do sleep 0.02; done";

/// How many processes this one holds a descriptor of.
int watched_processes() {
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code error;
    const std::string target = std::filesystem::read_symlink(entry.path(), error).string();
    count += target.find("pidfd") != std::string::npos ? 1 : 0;
  }
  return count;
}

class TwoProcesses : public LocalFixture {
 public:
  LaunchSpec spec(TrialId trial, test::Behaviour behaviour) {
    LaunchSpec spec = LocalFixture::spec(trial, behaviour);
    spec.resources.processes = 2;
    return spec;
  }
};

bool can_listen(int family, int port) {
  const int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return family == AF_INET6;  // this machine has no IPv6
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  bool bound = false;
  if (family == AF_INET) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    bound = bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  } else {
    sockaddr_in6 address{};
    address.sin6_family = AF_INET6;
    address.sin6_port = htons(static_cast<std::uint16_t>(port));
    bound = bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 || errno == EADDRNOTAVAIL;
  }
  const bool good = bound && (family == AF_INET6 || listen(fd, 1) == 0);
  close(fd);
  return good;
}

}  // namespace

TEST_CASE("local executor, two processes an attempt: conformance") { test::run_executor_conformance<TwoProcesses>(); }

TEST_CASE("a reserved port is nobody else's, and its owner can listen there") {
  std::set<int> ports;
  std::vector<PortReservation> kept;
  for (int i = 0; i < 200; ++i) {
    auto port = PortReservation::make();
    REQUIRE(port);
    CHECK(ports.insert(port->port()).second);
    CHECK(can_listen(AF_INET, port->port()));
    CHECK(can_listen(AF_INET6, port->port()));
    kept.push_back(*std::move(port));
  }
}

TEST_CASE("how an attempt ended, by how its processes did") {
  const RankEnd fine = record(0, 5);
  const RankEnd failed = record(3, 4);
  const RankEnd earlier = record(4, 2);
  const RankEnd stopped = record(1, 1, true);
  const RankEnd lost = Lost{"gone"};
  const RankEnd interrupted = Interrupted{"away"};
  const auto code = [](std::vector<RankEnd> ends) { return std::get<ExitRecord>(joined_end(ends)).code; };
  CHECK(code({fine}) == 0);
  CHECK(code({fine, fine, fine}) == 0);
  CHECK(code({fine, failed, earlier}) == 4);
  CHECK(code({stopped, failed}) == 3);
  CHECK(code({stopped, fine}) == 1);
  CHECK(std::holds_alternative<Interrupted>(joined_end(std::vector<RankEnd>{failed, interrupted})));
  CHECK(std::holds_alternative<Lost>(joined_end(std::vector<RankEnd>{failed, interrupted, lost})));
  CHECK(!ends_attempt(fine));
  CHECK(!ends_attempt(stopped));
  CHECK(ends_attempt(failed));
  CHECK(ends_attempt(lost));
  CHECK(ends_attempt(interrupted));
}

TEST_CASE("every process knows its rank and where the others are; process 0 is the one that is read") {
  LocalFixture fixture;
  EventLog log(fixture.executor(), fixture.clock());
  const LaunchSpec spec = group(fixture, 1, 3,
                                "echo loss=$RANK; echo \"$RANK $LOCAL_RANK $WORLD_SIZE $LOCAL_WORLD_SIZE $NODE_RANK $MASTER_ADDR "
                                "$MASTER_PORT\" > $TUNE_ATTEMPT_DIRECTORY/said");
  REQUIRE(fixture.executor().launch(spec).ok());
  log.until_over(spec.id);
  CHECK(log.exit(spec.id).code == 0);
  CHECK(log.bytes[spec.id] == "loss=0\n");
  std::string port;
  for (int rank = 0; rank < 3; ++rank) {
    const std::string said = test::read_file(rank_directory(spec.directory, rank) + "/said");
    const std::string self = std::to_string(rank);
    CHECK(said.starts_with(self + " " + self + " 3 3 0 127.0.0.1 "));
    const std::string own = said.substr(said.rfind(' '));
    CHECK((port.empty() || own == port));
    port = own;
    const std::string name = rank == 0 ? "/log" : "/log." + self;
    CHECK(test::read_file(spec.directory + name) == "loss=" + self + "\n");
  }
  CHECK(left_of_all(spec) == 0);
}

TEST_CASE("a process that fails ends the attempt: the others are stopped, its code and its last lines are the attempt's") {
  LocalFixture fixture;
  EventLog log(fixture.executor(), fixture.clock());
  const LaunchSpec spec = group(fixture, 1, 3, std::string("[ $RANK = 1 ] && { echo CUDA out of memory; exit 5; }; ") + kForEver);
  REQUIRE(fixture.executor().launch(spec).ok());
  log.until_over(spec.id);
  CHECK(log.exit(spec.id).code == 5);
  CHECK(log.exit(spec.id).rank == 1);
  CHECK(!log.exit(spec.id).stop_requested);
  CHECK(log.exit(spec.id).last_lines == std::vector<std::string>{"CUDA out of memory"});
  CHECK(left_of_all(spec) == 0);
  CHECK(fixture.executor().can_launch({}));
}

TEST_CASE("processes that end well wait for each other") {
  LocalFixture fixture;
  EventLog log(fixture.executor(), fixture.clock());
  const LaunchSpec spec = group(fixture, 1, 2,
                                "dir=$TUNE_ATTEMPT_DIRECTORY; [ $RANK = 0 ] && { touch $dir/done; exit 0; }; "
                                "while [ ! -e $dir/../../done ]; do sleep 0.02; done; sleep 0.1; echo last");
  REQUIRE(fixture.executor().launch(spec).ok());
  log.until_over(spec.id);
  CHECK(log.exit(spec.id).code == 0);
  CHECK(test::read_file(spec.directory + "/log.1") == "last\n");
}

TEST_CASE("a stop reaches all processes, and those that do not hear it are killed") {
  LocalFixture fixture;
  EventLog log(fixture.executor(), fixture.clock());
  const LaunchSpec spec =
      group(fixture, 1, 2, "[ $RANK = 1 ] && trap '' TERM || trap 'exit 0' TERM; echo up; while :; do sleep 0.02; done");
  REQUIRE(fixture.executor().launch(spec).ok());
  log.until_observed(spec.id);
  log.until(
      [&] { return std::filesystem::exists(spec.directory + "/log.1") && !test::read_file(spec.directory + "/log.1").empty(); });
  fixture.executor().stop(spec.id, 100ms);
  log.until_over(spec.id);
  CHECK(log.exit(spec.id).stop_requested);
  CHECK(left_of_all(spec) == 0);
}

TEST_CASE("the supervisor of one process is killed: the attempt is interrupted and nothing is left") {
  for (const int victim : {0, 1}) {
    CAPTURE(victim);
    LocalFixture fixture;
    EventLog log(fixture.executor(), fixture.clock());
    const LaunchSpec spec = group(fixture, 1, 2, kForEver);
    REQUIRE(fixture.executor().launch(spec).ok());
    log.until_observed(spec.id);
    const std::string directory = rank_directory(spec.directory, victim);
    log.until([&] { return read_pid_file(directory).has_value(); });
    const auto pid = read_pid_file(directory);
    kill(pid->shim, SIGKILL);
    log.until_over(spec.id);
    CHECK(std::holds_alternative<Interrupted>(log.ends.at(spec.id)));
    CHECK(left_of_all(spec) == 0);
  }
}

TEST_CASE("whatever number of descriptors is left when an attempt is launched, all its processes run once there are more") {
  for (const bool stopped : {false, true}) {
    int began_in_part = 0;
    for (int left = 0; left < 12; ++left) {
      CAPTURE(left);
      LocalFixture fixture;
      EventLog log(fixture.executor(), fixture.clock());
      const LaunchSpec spec = group(fixture, 1, 3, stopped ? kForEver : "echo up; sleep 0.1");
      rlimit before{};
      getrlimit(RLIMIT_NOFILE, &before);
      rlimit low = before;
      low.rlim_cur = 64;
      REQUIRE(setrlimit(RLIMIT_NOFILE, &low) == 0);
      std::vector<int> taken;
      for (int fd = dup(0); fd >= 0; fd = dup(0)) taken.push_back(fd);
      for (int i = 0; i < left && !taken.empty(); ++i) {
        close(taken.back());
        taken.pop_back();
      }
      const Status status = fixture.executor().launch(spec);
      const auto events = fixture.executor().wait(fixture.clock().now());
      if (stopped) fixture.executor().stop(spec.id, 10min);
      for (const int fd : taken) close(fd);
      const int supervisors = watched_processes();
      began_in_part += supervisors == 1 || supervisors == 2 ? 1 : 0;
      setrlimit(RLIMIT_NOFILE, &before);
      REQUIRE_MESSAGE(status.ok(), status.message());
      for (const ExecutorEvent& event : events) log.take(event);
      log.until_over(spec.id);
      CHECK(log.exit(spec.id).stop_requested == stopped);
      if (!stopped) CHECK(log.exit(spec.id).code == 0);
      CHECK(left_of_all(spec) == 0);
    }
    CHECK(began_in_part > 0);
  }
}

TEST_CASE("an attempt of several processes is adopted, whatever has become of them meanwhile") {
  LocalFixture fixture;
  std::vector<LaunchSpec> specs;
  const auto launch = [&](TrialId trial, const std::string& script) {
    EventLog log(fixture.executor(), fixture.clock());
    specs.push_back(group(fixture, trial, 2, script));
    REQUIRE(fixture.executor().launch(specs.back()).ok());
    log.until_observed(specs.back().id);
  };
  launch(1, kForEver);
  const std::string first_is_up = "[ -s $TUNE_ATTEMPT_DIRECTORY/../../log ]";
  launch(2, "[ $RANK = 1 ] && { until " + first_is_up + "; do sleep 0.02; done; exit 7; }; " + kForEver);
  fixture.restart();
  REQUIRE(fixture.executor().adopt(specs).ok());
  EventLog log(fixture.executor(), fixture.clock());
  log.until_over(specs[1].id);
  CHECK(log.exit(specs[1].id).code == 7);
  CHECK(log.exit(specs[1].id).rank == 1);
  fixture.executor().stop(specs[0].id, 10min);
  log.until_over(specs[0].id);
  CHECK(log.exit(specs[0].id).stop_requested);
  CHECK(log.exit(specs[0].id).code == 0);
  for (const LaunchSpec& spec : specs) CHECK(left_of_all(spec) == 0);
}

TEST_CASE("an attempt one of whose processes was never started, because tune was killed, is lost") {
  LocalFixture fixture;
  const LaunchSpec whole = group(fixture, 1, 2, kForEver);
  LaunchSpec half = whole;
  half.resources.processes = 1;
  {
    EventLog log(fixture.executor(), fixture.clock());
    REQUIRE(fixture.executor().launch(half).ok());
    log.until_observed(half.id);
  }
  fixture.restart();
  REQUIRE(fixture.executor().adopt(std::vector<LaunchSpec>{whole}).ok());
  EventLog log(fixture.executor(), fixture.clock());
  log.until_over(whole.id);
  CHECK(std::holds_alternative<Lost>(log.ends.at(whole.id)));
  CHECK(left_of_all(whole) == 0);
}

}  // namespace tune::engine
