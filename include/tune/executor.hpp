#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "tune/clock.hpp"
#include "tune/records.hpp"
#include "tune/status.hpp"

namespace tune {

/// What one trial needs.
struct Resources {
  double gpus = 0.0;  ///< whole ones, or a share of one below 1
  int cpus = 1;       ///< for all its processes
  int processes = 1;  ///< on each node
  int nodes = 1;
};

/// One attempt to be started or adopted.
struct LaunchSpec {
  AttemptId id;
  std::vector<std::string> argv = {};
  std::vector<std::pair<std::string, std::string>> environment = {};  ///< set on top of the caller's
  std::string working_directory = {};
  std::string directory = {};             ///< the attempt's: lock, pid, log, exit.json
  std::string checkpoint_directory = {};  ///< exists before launch
  Resources resources;
  std::optional<std::string> resume_from = {};
  Configuration configuration = {};         ///< for executors that call a function
  std::uint64_t log_offset = 0;             ///< adopt: bytes of the log already consumed
  std::vector<std::string> gpus = {};       ///< adopt: the GPUs the attempt was given
  int slot = -1;                            ///< adopt
  std::vector<std::string> read_only = {};  ///< absolute paths that the attempt must not write to, where that can be enforced
  std::vector<std::string> writable = {};   ///< absolute paths that stay as they are also below one of those
};

/// What a shell adds to the number of the signal that ended the program it had started.
inline constexpr int kShellSignalBase = 128;

/// How an attempt's command ended; from exit.json, the durable copy.
struct ExitRecord {
  std::optional<int> code = {};
  std::optional<int> signal = {};
  bool stop_requested = false;               ///< we had asked it to stop
  bool killed = false;                       ///< it did not end within the grace period
  bool oom_killed = false;                   ///< by SIGKILL, while the kernel was out of memory
  int rank = 0;                              ///< whose end this is: of several processes the first that failed
  std::vector<std::string> last_lines = {};  ///< of its log, where that is not the one whose bytes were delivered
  std::string broken_gpu = {};               ///< not empty: a GPU of its own is out of order; says which and how
  std::string launch_error = {};             ///< not empty: the command could not be started; says why
  std::string error = {};                    ///< what() of the exception that left an in-process trial; code is 1 then
  TimePoint started = {};
  TimePoint ended = {};
  double user_seconds = 0.0;
  double system_seconds = 0.0;
  std::int64_t max_rss_bytes = 0;
};

/// No place yet (a GPU's memory is not free); `launch` will be carried out later.
struct Waiting {
  std::string why = {};
};
struct Started {
  std::string host = {};
  std::vector<std::string> gpus = {};
  int slot = -1;
  double gpu_share = 1.0;  ///< of each of its GPUs that is this attempt's
};
/// Bytes of the attempt's log, from `offset` on, gapless and in order.
struct Output {
  std::string bytes = {};
  std::uint64_t offset = 0;
};
/// An observation that needs no parsing (in-process trials).
struct Reported {
  std::string metric = {};
  std::optional<std::int64_t> step = {};
  double value = 0.0;
};
/// What an attempt's GPUs were doing at a moment.
struct GpuSampled {
  double utilization = 0.0;        ///< share of the time, 0 to 1, mean over its GPUs
  std::uint64_t memory_bytes = 0;  ///< of the attempt's processes, sum over its GPUs
  double watts = 0.0;              ///< sum over its GPUs; of one that is shared its part
};
/// The attempt is over and all its output was delivered. It may come without Started, and then with neither code nor signal: the
/// attempt was stopped while it waited for its place, or could not be started when it had got it.
struct Ended {
  ExitRecord exit;
};
/// Ended by a signal we did not send from outside the trial (preemption, a user's kill of the shim).
struct Interrupted {
  std::string why = {};
};
/// Nothing is known of it any more: its supervisor is gone and left no record.
struct Lost {
  std::string why = {};
};

struct ExecutorEvent {
  AttemptId id;
  std::variant<Waiting, Started, Output, Reported, GpuSampled, Ended, Interrupted, Lost> body;
};

/// Runs attempts. All calls but wake() come from one thread. Per attempt the order is Started, Output/Reported/GpuSampled...,
/// then exactly one of Ended, Interrupted, Lost; nothing after that. The caller has acted on the events of one wait() before it
/// calls the next.
class Executor {
 public:
  virtual ~Executor() = default;
  /// Whether `launch` would start it at once.
  [[nodiscard]] virtual bool can_launch(const Resources&) const = 0;
  /// Starts an attempt, when it has a place for it: until then the attempt waits. An error means that nothing was started and
  /// nothing will be reported. A command that cannot be executed is no error here: the attempt ends with `launch_error`.
  virtual Status launch(const LaunchSpec&) = 0;
  /// After a restart: each attempt yields Started and then goes on, or Ended, or Lost.
  virtual Status adopt(std::span<const LaunchSpec>) = 0;
  /// Asks an attempt to end, kills it after `grace`; 0: kill now. Unknown or ended attempts are ignored. A second call can only
  /// shorten the grace.
  virtual void stop(AttemptId, std::chrono::milliseconds grace) = 0;
  /// Blocks until there is an event, wake() was called or `deadline` has passed. The only blocking call.
  virtual std::vector<ExecutorEvent> wait(TimePoint deadline) = 0;
  /// Makes the current or next wait() return. Safe from any thread and from signal handlers.
  virtual void wake() = 0;
};

}  // namespace tune
