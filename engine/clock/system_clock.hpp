#pragma once

#include <atomic>
#include <chrono>

#include "tune/clock.hpp"
#include "tune/status.hpp"

namespace tune::engine {

/// The real time: the wall clock when it was made plus the monotonic time since, so that a clock that is set does not shorten or
/// lengthen anything. Thread safety: all but not_before().
class SystemClock final : public Clock {
 public:
  SystemClock()
      : wall_(std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now())),
        monotonic_(std::chrono::steady_clock::now()) {}

  [[nodiscard]] TimePoint now() const override {
    return wall_ + std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now() - monotonic_);
  }

  /// From now on it is `time` at least: what follows a record of that time is not to lie before it, though the wall clock has
  /// been set back in between.
  void not_before(TimePoint time) {
    if (const TimePoint present = now(); present < time) wall_ += time - present;
  }

 private:
  TimePoint wall_;
  std::chrono::steady_clock::time_point monotonic_;
};

/// A time that is set by hand: simulated runs and tests. Thread safety: all.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(TimePoint start = TimePoint{}) : microseconds_(start.time_since_epoch().count()) {}

  [[nodiscard]] TimePoint now() const override { return TimePoint{Duration{microseconds_.load()}}; }
  /// REQUIRES: not before now().
  void set(TimePoint time) {
    TUNE_CHECK(time >= now());
    microseconds_.store(time.time_since_epoch().count());
  }
  void advance(Duration by) { set(now() + by); }

 private:
  std::atomic<Duration::rep> microseconds_;
};

}  // namespace tune::engine
