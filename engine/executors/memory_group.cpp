#include "engine/executors/memory_group.hpp"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <string_view>

#include "engine/executors/process_table.hpp"

namespace tune::engine {
namespace {

constexpr std::size_t kFileLimit = 64 * 1024;

/// The number after `key` and blanks at the beginning of a line.
std::optional<std::int64_t> number_after(std::string_view text, std::string_view key) {
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (!line.starts_with(key)) continue;
    line.remove_prefix(key.size());
    line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
    std::int64_t number = 0;
    if (std::from_chars(line.data(), line.data() + line.size(), number).ec == std::errc()) return number;
  }
  return std::nullopt;
}

std::optional<std::int64_t> number_in(const std::string& file, std::string_view key) {
  const auto text = read_small_file(file, kFileLimit);
  return text ? number_after(*text, key) : std::nullopt;
}

bool half_full(std::int64_t used, std::int64_t bytes, std::int64_t limit) { return used + bytes >= limit / 2; }

}  // namespace

std::optional<MemoryGroup> MemoryGroup::find(const std::string& membership, const std::string& root) {
  std::optional<MemoryGroup> unified;
  std::string_view text = membership;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    // number:controllers:/path
    const std::size_t first = line.find(':');
    const std::size_t second = first == std::string_view::npos ? first : line.find(':', first + 1);
    if (second == std::string_view::npos) continue;
    const std::string controllers = "," + std::string(line.substr(first + 1, second - first - 1)) + ",";
    std::string path(line.substr(second + 1));
    if (path == "/") path.clear();
    const bool old = controllers.find(",memory,") != std::string::npos;
    if (!old && controllers != ",,") continue;
    const std::string top = old ? root + "/memory" : root;
    // In a container the path may be that of the machine outside: what is mounted is the container's own group.
    if (access((top + path).c_str(), F_OK) != 0) path.clear();
    if (old) return MemoryGroup(false, top, path);
    unified = MemoryGroup(true, top, path);
  }
  return unified;
}

std::optional<std::int64_t> MemoryGroup::oom_kills() const {
  return number_in(top_ + path_ + (unified_ ? "/memory.events" : "/memory.oom_control"), "oom_kill ");
}

bool MemoryGroup::is_half_full_with(std::int64_t bytes) const {
  for (std::string path = path_;; path.erase(path.rfind('/'))) {
    const std::string group = top_ + path;
    // "max" is no number: no limit.
    const auto limit = number_in(group + (unified_ ? "/memory.max" : "/memory.limit_in_bytes"), "");
    const auto stat = limit ? read_small_file(group + "/memory.stat", kFileLimit) : std::nullopt;
    if (stat) {  // what can be taken back, copies of files, does not count
      const auto anonymous = number_after(*stat, unified_ ? "anon " : "total_rss ");
      const auto shared = number_after(*stat, unified_ ? "shmem " : "total_shmem ");
      if (half_full(anonymous.value_or(0) + shared.value_or(0), bytes, *limit)) return true;
    }
    if (path.find('/') == std::string::npos) return false;
  }
}

bool machine_is_half_full_with(std::int64_t bytes, const std::string& meminfo) {
  constexpr std::int64_t kKilobyte = 1024;
  const auto text = read_small_file(meminfo, kFileLimit);
  const auto total = text ? number_after(*text, "MemTotal:") : std::nullopt;
  const auto available = text ? number_after(*text, "MemAvailable:") : std::nullopt;
  return !total || !available || half_full((*total - *available) * kKilobyte, bytes, *total * kKilobyte);
}

}  // namespace tune::engine
