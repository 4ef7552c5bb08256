#pragma once

#include <chrono>
#include <thread>

namespace tune::engine {

/// Blocks this thread; for the few places outside the run that have to wait for another process.
inline void pause_for(std::chrono::milliseconds time) { std::this_thread::sleep_for(time); }

}  // namespace tune::engine
