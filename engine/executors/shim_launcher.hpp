#pragma once

#include <sys/types.h>

#include <string>
#include <utility>
#include <vector>

namespace tune::engine {

/// A `tune-shim --launcher` of this process (engine/executors/launch_protocol.hpp), started when it is first needed. Attempts do
/// not depend on it: it ends with this object or with this process, and they go on. Thread safety: none.
class ShimLauncher {
 public:
  explicit ShimLauncher(std::string shim_path) : shim_path_(std::move(shim_path)) {}
  ~ShimLauncher();
  ShimLauncher(const ShimLauncher&) = delete;
  ShimLauncher& operator=(const ShimLauncher&) = delete;

  /// Starts a supervisor with `arguments` (after the program's name) and `variables`. 0 and the process, which is a child of this
  /// one; or the errno that says why not: then nothing was started, but for ECONNRESET, which leaves that open.
  std::pair<int, pid_t> launch(const std::vector<std::string>& arguments, const std::vector<std::string>& variables);

 private:
  int start();
  std::pair<int, pid_t> receive();
  void end();

  std::string shim_path_;
  pid_t pid_ = 0;
  int socket_ = -1;
};

}  // namespace tune::engine
