#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// What /proc says about processes. Used by the local executor and by `tune-shim`: standard library only.
namespace tune::engine {

struct ProcessInfo {
  pid_t pid = 0;
  pid_t parent = 0;
  char state = '?';              ///< Z: ended and not yet waited for
  std::uint64_t start_time = 0;  ///< clock ticks since boot: with the boot it makes a pid unique
};

/// None when there is no such process.
std::optional<ProcessInfo> read_process(pid_t pid);
/// All that can be seen, in no order.
std::vector<ProcessInfo> all_processes();
/// Identifies this boot of the machine; empty when the kernel does not say.
std::string boot_id();
/// How many processes the kernel has killed since boot because memory had run out, of the machine or of a control group; 0 when
/// it does not say.
std::int64_t oom_kills();
/// A small file's content, at most `limit` bytes; none when it cannot be read.
std::optional<std::string> read_small_file(const std::string& path, std::size_t limit);

}  // namespace tune::engine
