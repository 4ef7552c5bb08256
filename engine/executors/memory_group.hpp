#pragma once

#include <cstdint>
#include <optional>
#include <string>

/// Whether it was for want of memory that the kernel killed somebody. Used by `tune-shim`: standard library only.
namespace tune::engine {

inline constexpr const char* kControlGroups = "/sys/fs/cgroup";  ///< where they are mounted

/// A control group in which memory is counted, of version 1 or 2. Thread safety: as a value.
class MemoryGroup {
 public:
  /// The one that `membership`, the text of a /proc/PID/cgroup, names; `root`: where control groups are mounted. None where there
  /// is none. Version 1 says of a process that has ended that it was in the root.
  static std::optional<MemoryGroup> find(const std::string& membership, const std::string& root = kControlGroups);

  /// How many of its processes the kernel has killed for want of memory; none: it does not say.
  [[nodiscard]] std::optional<std::int64_t> oom_kills() const;
  /// Whether with so many bytes more than are in use now it would be at least half full, or one above it that has a limit.
  [[nodiscard]] bool is_half_full_with(std::int64_t bytes) const;
  /// Of version 2: the kernel says also of processes that have ended in which one they were.
  [[nodiscard]] bool remembers_the_dead() const { return unified_; }
  bool operator==(const MemoryGroup&) const = default;

 private:
  MemoryGroup(bool unified, std::string top, std::string path)
      : unified_(unified), top_(std::move(top)), path_(std::move(path)) {}

  bool unified_;      ///< version 2
  std::string top_;   ///< directory of the root group
  std::string path_;  ///< below it; empty: the root itself
};

/// The same of the whole machine; `meminfo`: its /proc/meminfo. True where it does not say.
bool machine_is_half_full_with(std::int64_t bytes, const std::string& meminfo = "/proc/meminfo");

}  // namespace tune::engine
