#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "engine/clock/system_clock.hpp"
#include "engine/executors/local_executor.hpp"

/// What one attempt costs: beside the price of a bare process and of one fdatasync, the call of launch(), and the time from a
/// trial's last act (it prints the clock) to its Ended event. `executor_latency SHIM [ATTEMPTS]`.
namespace {
using Milliseconds = std::chrono::duration<double, std::milli>;
extern "C" char** environ;

void print(const char* what, std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const auto at = [&](double share) { return values[static_cast<std::size_t>(share * static_cast<double>(values.size() - 1))]; };
  std::printf("%-40s p50 %7.3f ms   p95 %7.3f ms   max %7.3f ms\n", what, at(0.5), at(0.95), at(1.0));
}

template <typename Work>
double timed(Work work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return Milliseconds(std::chrono::steady_clock::now() - begin).count();
}

void bare_process() {
  char program[] = "/bin/true";
  char* words[] = {program, nullptr};
  pid_t pid = 0;
  if (posix_spawn(&pid, program, nullptr, nullptr, words, environ) == 0) waitpid(pid, nullptr, 0);
}

}  // namespace

int main(int argc, char** argv) {
  using namespace tune;
  const int attempts = argc > 2 ? std::max(1, std::atoi(argv[2])) : 200;
  if (argc < 2) {
    std::fprintf(stderr, "usage: executor_latency SHIM [ATTEMPTS]\n");
    return 2;
  }
  engine::SystemClock clock;
  auto made = engine::make_local_executor(clock, {.shim_path = argv[1], .slots = 1, .gpus = {.automatic = false, .ids = {}}});
  if (!made) {
    std::fprintf(stderr, "%s\n", made.status().message().c_str());
    return 6;
  }
  Executor& executor = **made;
  std::string folder = "executor-latency-XXXXXX";
  if (mkdtemp(folder.data()) == nullptr) return 5;
  const int file = open((folder + "/sync").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0666);

  std::vector<double> spawns, syncs, launches, ends, whole;
  for (int i = 1; i <= attempts; ++i) {
    spawns.push_back(timed(bare_process));
    syncs.push_back(timed([&] {
      if (write(file, "x\n", 2) == 2) fdatasync(file);
    }));
    LaunchSpec spec;
    spec.id = {i, 1};
    spec.argv = {"/bin/date", "+%s%N"};
    spec.directory = folder + "/" + std::to_string(i);
    std::string text;
    bool over = false;
    whole.push_back(timed([&] {
      launches.push_back(timed([&] { (void)executor.launch(spec).ok(); }));
      while (!over) {
        for (const ExecutorEvent& event : executor.wait(TimePoint::max())) {
          if (const auto* output = std::get_if<Output>(&event.body)) text += output->bytes;
          over = over || std::holds_alternative<Ended>(event.body);
        }
      }
    }));
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    const std::chrono::nanoseconds printed{std::strtoll(text.c_str(), nullptr, 10)};
    ends.push_back(Milliseconds(now - printed).count());
  }
  close(file);
  std::filesystem::remove_all(folder);
  print("bare process: spawn and wait", spawns);
  print("fdatasync of two bytes", syncs);
  print("launch()", launches);
  print("trial prints the time -> Ended", ends);
  print("launch() -> Ended", whole);
  return 0;
}
