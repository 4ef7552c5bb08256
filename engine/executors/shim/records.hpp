#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>

/// The two files a supervisor leaves in its attempt's directory.
namespace tune::shim {

/// How the command ended; times in microseconds, `*_us` of the wall clock since 1970 in UTC.
struct ExitFields {
  std::optional<int> code;
  std::optional<int> signal;
  bool stop_requested = false;
  bool killed = false;
  int interrupted_by = 0;   ///< a signal that came from outside, 0: none
  bool oom_killed = false;  ///< SIGKILL, which the kernel seems to have sent because memory had run out
  /// What could not be done: log, fork, pid, read_only, directory, exec; empty: it began.
  const char* launch_step = "";
  int launch_errno = 0;
  std::int64_t started_us = 0;
  std::int64_t ended_us = 0;
  std::int64_t user_us = 0;
  std::int64_t system_us = 0;
  std::int64_t max_rss_bytes = 0;
  std::int64_t log_bytes = 0;  ///< how long the log was in the end
};

/// Writes DIR/pid, atomically; not durable, since it is of no use after a reboot. False: errno says why.
bool write_pid_file(int directory, pid_t child);
/// Writes DIR/exit.json, atomically; `durable`: it is on the disk when this returns. False: errno says why.
bool write_exit_file(int directory, const ExitFields& fields, bool durable);

}  // namespace tune::shim
