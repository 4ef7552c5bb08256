#include "engine/executors/process_table.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace tune::engine {
namespace {
constexpr std::size_t kStatLimit = 4096;
constexpr std::size_t kReadChunk = 4096;
}  // namespace

std::optional<std::string> read_small_file(const std::string& path, std::size_t limit) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);  // a pipe in its place holds nobody up
  if (fd < 0) return std::nullopt;
  std::string content;
  ssize_t got = 0;
  do {
    const std::size_t used = content.size();
    content.resize(std::min(limit, used + kReadChunk));
    got = read(fd, content.data() + used, content.size() - used);
    content.resize(used + static_cast<std::size_t>(std::max<ssize_t>(0, got)));
  } while ((got > 0 && content.size() < limit) || (got < 0 && errno == EINTR));
  const int failed = got < 0 ? errno : 0;
  close(fd);
  errno = failed;
  if (got < 0) return std::nullopt;
  return content;
}

std::optional<ProcessInfo> read_process(pid_t pid) {
  const auto text = read_small_file("/proc/" + std::to_string(pid) + "/stat", kStatLimit);
  if (!text) return std::nullopt;
  // pid (name) state ppid ... starttime is field 22; the name may hold anything, so count from its last parenthesis.
  const std::size_t name_end = text->rfind(')');
  if (name_end == std::string::npos) return std::nullopt;
  ProcessInfo info;
  info.pid = pid;
  unsigned long long start = 0;
  const int fields =
      std::sscanf(text->c_str() + name_end + 1, " %c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %llu",
                  &info.state, &info.parent, &start);
  if (fields != 3) return std::nullopt;
  info.start_time = start;
  return info;
}

std::vector<ProcessInfo> all_processes() {
  std::vector<ProcessInfo> found;
  DIR* directory = opendir("/proc");
  if (directory == nullptr) return found;
  while (const dirent* entry = readdir(directory)) {
    const std::string name = entry->d_name;
    pid_t pid = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (error != std::errc() || end != name.data() + name.size()) continue;
    if (const auto info = read_process(pid)) found.push_back(*info);
  }
  closedir(directory);
  return found;
}

std::int64_t oom_kills() {
  constexpr std::size_t kVmstatLimit = 64 * 1024;
  constexpr std::string_view kName = "\noom_kill ";
  const auto text = read_small_file("/proc/vmstat", kVmstatLimit);
  const std::size_t at = text ? text->find(kName) : std::string::npos;
  std::int64_t count = 0;
  if (at != std::string::npos) std::from_chars(text->data() + at + kName.size(), text->data() + text->size(), count);
  return count;
}

std::string boot_id() {
  constexpr std::size_t kLength = 36;
  auto id = read_small_file("/proc/sys/kernel/random/boot_id", kLength);
  return id ? *id : "";
}

}  // namespace tune::engine
