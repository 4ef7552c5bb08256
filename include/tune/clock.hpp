#pragma once

#include <chrono>

namespace tune {

using Duration = std::chrono::microseconds;
/// UTC.
using TimePoint = std::chrono::sys_time<Duration>;

/// The only source of time: nothing else in tune reads a clock or sleeps. Thread safety: now() may be called from any thread.
class Clock {
 public:
  virtual ~Clock() = default;
  /// Never goes back within a process: the real clock is the wall clock at start plus the monotonic time since.
  [[nodiscard]] virtual TimePoint now() const = 0;
};

inline double to_seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }
inline Duration from_seconds(double seconds) {
  return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds));
}

}  // namespace tune
