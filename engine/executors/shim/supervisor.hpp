#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/executors/memory_group.hpp"
#include "engine/executors/shim/records.hpp"

namespace tune::shim {

struct Arguments {
  std::string directory;                    ///< the attempt's
  std::string working_directory;            ///< empty: the caller's
  std::vector<std::string> read_only = {};  ///< paths that the command must not write to
  std::vector<std::string> writable = {};   ///< paths that stay as they are, also below one of those
  std::int64_t grace_ms = 0;                ///< for a SIGTERM from outside; a stop request brings its own
  char** command = nullptr;                 ///< ends with a null pointer
};

/// Runs one command to its end and all its descendants with it. One thread; the kernel does the waiting.
class Supervisor {
 public:
  explicit Supervisor(const Arguments& arguments) : arguments_(arguments) {}
  /// The shim's exit code.
  int run();

 private:
  int claim();
  bool start_patiently();
  bool start();
  [[noreturn]] void become_command(int go, int report, int log) const;
  void watch();
  void on_signals();
  void ask_to_end(std::int64_t grace_ms);
  bool command_ended();
  [[nodiscard]] bool died_by_kill() const;
  [[nodiscard]] bool killed_for_memory() const;
  void kill_everything();
  void end_descendants();
  int record();

  const Arguments& arguments_;
  ExitFields fields_;
  int directory_ = -1;
  int null_ = -1;
  int signals_ = -1;
  pid_t parent_ = 0;  ///< whoever started us
  pid_t child_ = 0;
  bool asked_ = false;                      ///< SIGTERM was sent
  std::optional<std::int64_t> kill_at_us_;  ///< monotonic
  std::int64_t started_monotonic_us_ = 0;
  std::int64_t oom_kills_before_ = 0;             ///< of the machine
  std::optional<engine::MemoryGroup> group_;      ///< of ours, in which the command begins
  std::int64_t group_kills_before_ = 0;           ///< of that one
  std::optional<engine::MemoryGroup> end_group_;  ///< the command's in the end, where the kernel says it
};

}  // namespace tune::shim
