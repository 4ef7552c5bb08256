#pragma once

#include <cstdint>
#include <functional>

#include "trainers/support/fallible.hpp"

namespace tune::trainer {

/// How many threads a program of this process's share may use: OMP_NUM_THREADS where it is set, else the processors it may run
/// on.
int thread_count();

/// Calls `work(thread, i)` once for every i from 0 to count - 1, on `threads` threads numbered from 0, the caller's among them,
/// in no order. `work` must not share anything between threads but what is meant for it. Fails when memory runs out.
Outcome parallel_for(std::int64_t count, int threads, const std::function<void(int, std::int64_t)>& work);

}  // namespace tune::trainer
