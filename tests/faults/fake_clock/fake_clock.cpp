// A wall clock that is as many microseconds ahead as the file named by TUNE_FAKE_CLOCK says (eight bytes), and a monotonic one by
// that named by TUNE_FAKE_MONOTONIC. Other clocks are left alone.
#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <ctime>

namespace {

constexpr std::int64_t kMicroseconds = 1'000'000;

std::int64_t microseconds_ahead(const char* variable) {
  const char* path = std::getenv(variable);
  const int file = path == nullptr ? -1 : open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return 0;
  std::int64_t ahead = 0;
  if (read(file, &ahead, sizeof ahead) != static_cast<ssize_t>(sizeof ahead)) ahead = 0;
  close(file);
  return ahead;
}

}  // namespace

extern "C" int clock_gettime(clockid_t clock, timespec* time) noexcept {
  const long result = syscall(SYS_clock_gettime, clock, time);
  if (result != 0 || (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC)) return static_cast<int>(result);
  const char* variable = clock == CLOCK_REALTIME ? "TUNE_FAKE_CLOCK" : "TUNE_FAKE_MONOTONIC";
  const std::int64_t now = time->tv_sec * kMicroseconds + time->tv_nsec / 1000 + microseconds_ahead(variable);
  time->tv_sec = now / kMicroseconds;
  time->tv_nsec = now % kMicroseconds * 1000;
  if (time->tv_nsec < 0) {
    time->tv_nsec += 1'000'000'000;
    --time->tv_sec;
  }
  return 0;
}

extern "C" int gettimeofday(timeval* time, void*) noexcept {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  time->tv_sec = now.tv_sec;
  time->tv_usec = now.tv_nsec / 1000;
  return 0;
}

extern "C" time_t time(time_t* result) noexcept {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  if (result != nullptr) *result = now.tv_sec;
  return now.tv_sec;
}
