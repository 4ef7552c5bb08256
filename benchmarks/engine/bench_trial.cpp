// The trial that benchmarks/engine/engine.py runs.
//   bench_trial            prints one observation and ends
//   bench_trial diverge    waits a while, prints NaN, and tells how long it took until SIGTERM came

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>

namespace {

long long now_us() {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000000LL + time.tv_nsec / 1000;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2 || std::strcmp(argv[1], "diverge") != 0) {
    std::puts("@tune {\"step\": 1, \"score\": 1}");
    return 0;
  }
  sigset_t term;
  sigemptyset(&term);
  sigaddset(&term, SIGTERM);
  sigprocmask(SIG_BLOCK, &term, nullptr);
  // A phase of its own for each trial, so that the reader's polling is met at every moment.
  const char* trial = std::getenv("TUNE_TRIAL_ID");
  const long phase_us = 20000 + (trial != nullptr ? std::atol(trial) * 7919 % 97 : 0) * 1000;
  const timespec pause{0, phase_us * 1000};
  nanosleep(&pause, nullptr);
  const long long printed = now_us();
  std::puts("@tune {\"step\": 1, \"score\": \"NaN\"}");
  std::fflush(stdout);
  int signal = 0;
  sigwait(&term, &signal);
  std::printf("latency_us %lld\n", now_us() - printed);
  return 0;
}
