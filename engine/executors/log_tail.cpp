#include "engine/executors/log_tail.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace tune::engine {

LogTail::~LogTail() {
  if (fd_ >= 0) close(fd_);
}

std::uint64_t LogTail::size() {
  if (fd_ < 0) fd_ = open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  struct stat state {};
  const bool known = fd_ >= 0 && fstat(fd_, &state) == 0;
  problem_ = known || errno == ENOENT ? 0 : errno;
  if (!known || !S_ISREG(state.st_mode) || state.st_size < 0) return 0;
  return static_cast<std::uint64_t>(state.st_size);
}

std::string LogTail::read(std::size_t limit) {
  const std::uint64_t size_now = size();
  if (size_now <= offset_) return {};
  std::string bytes(static_cast<std::size_t>(std::min<std::uint64_t>(limit, size_now - offset_)), '\0');
  ssize_t got = 0;
  while ((got = pread(fd_, bytes.data(), bytes.size(), static_cast<off_t>(offset_))) < 0 && errno == EINTR) {
  }
  if (got < 0) problem_ = errno;
  bytes.resize(static_cast<std::size_t>(std::max<ssize_t>(0, got)));
  offset_ += bytes.size();
  return bytes;
}

}  // namespace tune::engine
