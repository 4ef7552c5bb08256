#include "engine/executors/wake_descriptor.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>

#include "tune/status.hpp"

namespace tune::engine {
namespace {
constexpr std::chrono::hours kLongestBlock{1};
}  // namespace

WakeDescriptor::WakeDescriptor() : fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

WakeDescriptor::~WakeDescriptor() {
  if (fd_ >= 0) close(fd_);
}

void WakeDescriptor::wake() {
  woken_.store(true);
  notify();
}

void WakeDescriptor::notify() {
  const int saved = errno;
  const std::uint64_t one = 1;
  // It can only fail when the counter is full, and then the descriptor is readable already.
  [[maybe_unused]] const ssize_t written = write(fd_, &one, sizeof one);
  errno = saved;
}

void WakeDescriptor::drain() const {
  std::uint64_t count = 0;
  [[maybe_unused]] const ssize_t got = read(fd_, &count, sizeof count);
}

void WakeDescriptor::block(const Clock& clock, TimePoint deadline) const {
  pollfd descriptor{fd_, POLLIN, 0};
  poll(&descriptor, 1, poll_timeout(clock, deadline));
}

int poll_timeout(const Clock& clock, TimePoint deadline) {
  const TimePoint now = clock.now();
  if (deadline <= now) return 0;
  if (deadline > now + kLongestBlock) return static_cast<int>(std::chrono::milliseconds(kLongestBlock).count());
  return static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(deadline - now).count());
}

}  // namespace tune::engine
