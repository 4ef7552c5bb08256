#include "engine/executors/gpu_memory.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>

#include "tests/engine/executors/gpu_machine.hpp"

namespace tune::engine {
namespace {

constexpr std::uint64_t kMiB = 1ULL << 20;

/// A process with one environment variable; it is there when the constructor returns, and gone after the destructor.
class Sleeper {
 public:
  explicit Sleeper(const std::string& variable) {
    std::array<int, 2> ends{};
    REQUIRE(pipe2(ends.data(), O_CLOEXEC) == 0);
    pid_ = fork();
    REQUIRE(pid_ >= 0);
    if (pid_ == 0) {
      std::array<char*, 2> environment{const_cast<char*>(variable.c_str()), nullptr};
      execle("/bin/sleep", "sleep", "1000", static_cast<char*>(nullptr), environment.data());
      _exit(1);
    }
    close(ends[1]);
    char byte = 0;
    CHECK(read(ends[0], &byte, 1) == 0);  // closed when the program has begun
    close(ends[0]);
  }
  ~Sleeper() {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  Sleeper(const Sleeper&) = delete;
  Sleeper& operator=(const Sleeper&) = delete;
  [[nodiscard]] pid_t pid() const { return pid_; }

 private:
  pid_t pid_ = -1;
};

TEST_CASE("GPU memory: a process belongs to the attempt whose directory it has, or one in it") {
  const Sleeper process("TUNE_ATTEMPT_DIRECTORY=/runs/a/trials/1/1");
  CHECK(is_of_attempt(process.pid(), "/runs/a/trials/1/1"));
  CHECK(is_of_attempt(process.pid(), "/runs/a/trials/1"));
  CHECK(!is_of_attempt(process.pid(), "/runs/a/trials/1/1/0"));
  CHECK(!is_of_attempt(process.pid(), "/runs/a/trials/1/11"));
  CHECK(!is_of_attempt(process.pid(), "/runs/a/trials/1/"));
  const Sleeper other("OTHER=TUNE_ATTEMPT_DIRECTORY=/runs/a");
  CHECK(!is_of_attempt(other.pid(), "/runs/a"));
  CHECK(!is_of_attempt(1, "/runs/a"));
  CHECK(!is_of_attempt(0, "/runs/a"));
}

TEST_CASE("GPU memory: by process where the driver tells, else by what is there beyond what was there before") {
  const Sleeper one("TUNE_ATTEMPT_DIRECTORY=/runs/a/1");
  const Sleeper two("TUNE_ATTEMPT_DIRECTORY=/runs/a/2");
  const std::string first = std::to_string(one.pid());
  const std::string second = std::to_string(two.pid());
  const std::vector<std::string> directories{"/runs/a/1", "/runs/a/2"};
  GpuMachine machine("GPU-a 0\n");
  std::string why;
  const auto nvml = Nvml::load(why);
  REQUIRE_MESSAGE(nvml != nullptr, why);
  const auto shared = [&](const std::string& gpu) {
    machine.set("GPU-a " + gpu + "\n");
    const auto memory = memory_by_attempt(*nvml, nvml->devices()[0], 100 * kMiB, directories);
    REQUIRE(memory.has_value());
    return std::array<std::uint64_t, 3>{memory->of_attempt[0] / kMiB, memory->of_attempt[1] / kMiB, memory->of_others / kMiB};
  };
  using Shares = std::array<std::uint64_t, 3>;
  CHECK(shared("5100 pids=" + first + ":1000," + first + ":500," + second + ":3000") == Shares{1500, 3000, 600});
  CHECK(shared("5100 pids=" + first + ":1000") == Shares{1000, 0, 4100});  // it tells, and the second has begun nothing
  CHECK(shared("5100") == Shares{2500, 2500, 100});                        // it tells nothing
  CHECK(shared("5100 pids=" + first + ":1000," + second + ":-") == Shares{1000, 4000, 100});
  CHECK(shared("5100 pids=99999999:4000") == Shares{2500, 2500, 100});  // a number of another process space
  CHECK(shared("50") == Shares{0, 0, 50});
  machine.set("GPU-a -3\n");
  CHECK(!memory_by_attempt(*nvml, nvml->devices()[0], 0, directories).has_value());
}

}  // namespace
}  // namespace tune::engine
