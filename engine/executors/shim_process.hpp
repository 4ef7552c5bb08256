#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/executors/attempt_files.hpp"
#include "engine/executors/shim_launcher.hpp"
#include "tune/executor.hpp"

namespace tune::engine {

/// A handle on a running supervisor: a pidfd, so that a number that was given to somebody else is never signalled. Closing it
/// leaves the supervisor alone. Thread safety: none.
class ShimProcess {
 public:
  ShimProcess() = default;
  ~ShimProcess() { reset(); }
  ShimProcess(ShimProcess&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  ShimProcess& operator=(ShimProcess&& other) noexcept {
    if (this != &other) {
      reset();
      fd_ = std::exchange(other.fd_, -1);
    }
    return *this;
  }

  /// Starts one, by the launcher or, when that cannot be had, itself. 0 and a process, or the errno that says why not: then
  /// nothing was started, but for ECONNRESET: the launcher was killed, perhaps just after it had started the supervisor.
  static std::pair<int, ShimProcess> spawn(const std::string& shim_path, ShimLauncher& launcher, const LaunchSpec& spec,
                                           const std::vector<std::pair<std::string, std::string>>& extra_environment,
                                           std::chrono::milliseconds outside_grace);
  /// The one a pid file names, when it lives.
  static std::optional<ShimProcess> attach(const PidFile& file);

  /// Asks it to end its command. False: the request could not be queued, try again.
  bool request_stop(std::chrono::milliseconds grace) const;

  struct End {
    std::optional<int> code;
    std::optional<int> signal;
  };
  /// How it ended, when it was our child; to be called once it has ended.
  End wait_for_end() const;
  /// Readable once it has ended; -1: no process.
  [[nodiscard]] int fd() const { return fd_; }
  void reset();

 private:
  explicit ShimProcess(int fd) : fd_(fd) {}
  int fd_ = -1;
};

}  // namespace tune::engine
