#pragma once

#include <atomic>

#include "tune/clock.hpp"

namespace tune::engine {

/// The one thing an executor's wait() blocks on besides its processes: an eventfd. Thread safety: wake() and notify() may be
/// called from any thread and from signal handlers, the rest by the waiting thread only.
class WakeDescriptor {
 public:
  WakeDescriptor();
  ~WakeDescriptor();
  WakeDescriptor(const WakeDescriptor&) = delete;
  WakeDescriptor& operator=(const WakeDescriptor&) = delete;

  /// A caller's Executor::wake(): remembered until take_wake().
  void wake();
  /// Something may be in a queue now: ends a block, is not remembered beyond it.
  void notify();
  /// Whether wake() was called since the last take.
  bool take_wake() { return woken_.exchange(false); }
  /// Forgets the notifications so far; call it before looking at what they were about.
  void drain() const;
  /// Blocks until wake(), notify() or `deadline`; TimePoint::max() is never.
  void block(const Clock& clock, TimePoint deadline) const;
  /// -1: the machine had no descriptor for it; then it must not be waited for.
  [[nodiscard]] int fd() const { return fd_; }

 private:
  int fd_;
  std::atomic<bool> woken_{false};
};

/// Milliseconds until `deadline` as poll and epoll_wait take them: rounded up, at least 0, at most an hour (callers look again).
int poll_timeout(const Clock& clock, TimePoint deadline);

}  // namespace tune::engine
