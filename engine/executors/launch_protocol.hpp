#pragma once

#include <cstdint>

/// What the local executor and a `tune-shim --launcher` say to each other over their socket (descriptor 3 of the launcher).
///
/// Starting a program costs far more than forking one that runs: the launcher is started once, and forks itself for each attempt.
/// The fork is a supervisor and, by CLONE_PARENT, a child of the executor's process, exactly as if that had started it.
namespace tune::engine {

inline constexpr int kLauncherSocket = 3;
inline constexpr std::uint32_t kMaxLaunchRequest = 8U << 20;  ///< bytes of all arguments and variables of one attempt
/// Room in the launcher's command line for a supervisor's directory, which `ps` then shows.
inline constexpr int kTitleRoom = 1024;

/// Followed by `bytes` bytes: the arguments as `tune-shim` takes them, then the environment, each ended by a zero byte.
struct LaunchRequest {
  std::uint32_t bytes = 0;
  std::uint32_t arguments = 0;
  std::uint32_t variables = 0;
};

struct LaunchReply {
  std::int32_t error = 0;  ///< errno when nothing was started
  std::int32_t pid = 0;
};

}  // namespace tune::engine
