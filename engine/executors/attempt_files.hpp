#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>

#include "tune/executor.hpp"

/// What a supervisor leaves in its attempt's directory, as the executor reads it.
namespace tune::engine {

struct PidFile {
  pid_t shim = 0;
  std::uint64_t shim_start = 0;  ///< as ProcessInfo::start_time
  pid_t child = 0;
  std::uint64_t child_start = 0;
  std::string boot_id;
};
/// None: it is not there, damaged, or of another boot of this machine.
std::optional<PidFile> read_pid_file(const std::string& directory);

struct ExitFile {
  ExitRecord exit;
  int interrupted_by = 0;  ///< a signal from outside, 0: none
  std::uint64_t log_bytes =
      0;  ///< how long the log was in the end; shorter now: the machine lost power before it was on the disk
  bool machine_failed = false;  ///< the command was not started, and that was not its own fault
};
/// None: it is not there or damaged, or, `readable` being false then, it is there and cannot be read now.
struct ExitReading {
  std::optional<ExitFile> file;
  bool readable = true;
};
ExitReading read_exit_file(const LaunchSpec& spec);

struct LogFile {
  std::uint64_t size = 0;  ///< bytes
  TimePoint written;       ///< last
};
/// The attempt's log as it is now; none: it is not there.
std::optional<LogFile> look_at_log(const std::string& directory);

/// How long an attempt has been running and since when it is silent, by the machine's uptime: the wall clock may have been set
/// since.
struct AttemptAge {
  Duration running{0};
  Duration silent{0};
};
/// None: it has no supervisor that lives.
std::optional<AttemptAge> age_of_attempt(const std::string& directory);

/// Whether a supervisor lives.
bool lock_is_held(const std::string& directory);
/// From now on no supervisor begins this attempt.
void forbid_start(const std::string& directory);

/// Sends SIGKILL to whatever is left of an attempt: processes with its directory in their environment, the command itself, and
/// all their descendants. The number of living ones that were found; to be repeated until it is 0.
int sweep_attempt(const std::string& directory);
/// Removes what a supervisor was writing when it was killed, and those of its other processes.
void remove_unfinished_files(const std::string& directory);

}  // namespace tune::engine
