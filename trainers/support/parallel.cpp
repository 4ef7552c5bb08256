#include "trainers/support/parallel.hpp"

#include <sched.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <exception>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "trainers/support/numbers.hpp"

namespace tune::trainer {
namespace {

constexpr int kMaxThreads = 256;

}  // namespace

int thread_count() {
  if (const char* given = std::getenv("OMP_NUM_THREADS"); given != nullptr) {
    if (const auto number = parse_number<int>(given)) return std::clamp(*number, 1, kMaxThreads);
  }
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  const int count = sched_getaffinity(0, sizeof allowed, &allowed) == 0 ? CPU_COUNT(&allowed) : 1;
  return std::clamp(count, 1, kMaxThreads);
}

Outcome parallel_for(std::int64_t count, int threads, const std::function<void(int, std::int64_t)>& work) {
  std::atomic<std::int64_t> next{0};
  std::atomic<bool> failed{false};
  const auto run = [&](int thread) {
    try {
      for (std::int64_t i = next++; i < count; i = next++) work(thread, i);
    } catch (const std::exception&) {  // bad_alloc is all there is
      failed = true;
      next = count;
    }
  };
  std::vector<std::thread> others;
  const auto wanted = static_cast<int>(std::min<std::int64_t>(threads, count));
  try {
    for (int thread = 1; thread < wanted; ++thread) others.emplace_back(run, thread);
  } catch (const std::system_error&) {  // no more threads to be had: those that are there do it
  }
  run(0);
  for (std::thread& other : others) other.join();
  if (failed) return Failure{"out of memory"};
  return {};
}

}  // namespace tune::trainer
