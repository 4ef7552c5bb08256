#pragma once

#include <csignal>

/// What the local executor and `tune-shim` agree on: the files of an attempt's directory, exit codes and the signal of a stop
/// request.
namespace tune::engine {

inline constexpr const char* kLockFile = "lock";       ///< held (flock) as long as the supervisor lives
inline constexpr const char* kPidFile = "pid";         ///< JSON; there from just before the command begins
inline constexpr const char* kLogFile = "log";         ///< the command's stdout and stderr
inline constexpr const char* kExitFile = "exit.json";  ///< JSON; how it ended
inline constexpr const char* kLostFile = "lost";       ///< given up by the executor: must not begin any more
inline constexpr const char* kRanksFolder = "ranks";   ///< ranks/R: the directory of process R > 0

/// Follows the name of a file that is being written and has not got its own name yet.
inline constexpr const char* kUnfinished = ".tmp";

/// In the environment of every process of an attempt: its directory, absolute. Leftover processes are found by it.
inline constexpr const char* kDirectoryVariable = "TUNE_ATTEMPT_DIRECTORY";

inline constexpr int kShimUsage = 64;          ///< bad arguments
inline constexpr int kShimNoDirectory = 66;    ///< the attempt's directory cannot be used
inline constexpr int kShimNotRecorded = 74;    ///< exit.json could not be written (disk full)
inline constexpr int kShimBusy = 75;           ///< another supervisor holds the lock
inline constexpr int kShimStartedBefore = 76;  ///< the attempt has begun, ended or was given up before

/// A stop request to the supervisor: queued, its integer is the grace period in milliseconds. Any other SIGTERM came from
/// outside.
inline int stop_signal() { return SIGRTMIN; }

}  // namespace tune::engine
