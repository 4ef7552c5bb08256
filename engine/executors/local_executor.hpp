#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/executors/gpu_places.hpp"
#include "engine/executors/log_tail.hpp"
#include "engine/executors/port_reservation.hpp"
#include "engine/executors/ranks.hpp"
#include "engine/executors/shim_process.hpp"
#include "engine/executors/slots.hpp"
#include "engine/executors/wake_descriptor.hpp"
#include "tune/clock.hpp"
#include "tune/executor.hpp"

namespace tune::engine {

inline constexpr std::chrono::milliseconds kLogPollInterval{50};       ///< how late a line may be seen
inline constexpr std::size_t kLogChunk = std::size_t{1} << 20;         ///< bytes of one attempt's log in one turn
inline constexpr std::size_t kLogBytesPerWait = std::size_t{8} << 20;  ///< bytes of all logs in one wait()
inline constexpr std::chrono::milliseconds kAdoptPatience{200};  ///< a supervisor may have been started just before the crash
inline constexpr std::chrono::seconds kReadPatience{10};         ///< for exit.json or a log that are there and cannot be read
inline constexpr std::chrono::seconds kStartPatience{5};         ///< from taking the lock to the pid file
inline constexpr std::chrono::seconds kRoomPatience{60};         ///< for room for a process whose attempt's first one runs
/// While nothing runs and no process can be started (too many of them, or of open files); then nobody waits any more.
inline constexpr std::chrono::minutes kProcessPatience{10};
inline constexpr std::chrono::seconds kSweepPatience{10};      ///< for processes that SIGKILL does not end
inline constexpr std::chrono::seconds kGpuMemoryPatience{30};  ///< then the trial is started on the GPU all the same

inline constexpr std::uint64_t kMostRanks = 1U << 16;  ///< processes of one attempt

struct LocalOptions {
  std::string shim_path;  ///< the `tune-shim` program
  int slots = 1;          ///< attempts at once (max_parallel)
  GpuRequest gpus;
  /// When somebody else than this executor asks a supervisor to end (a shutdown, `kill`).
  std::chrono::milliseconds outside_grace{30'000};
};

/// Processes of this machine, one or several an attempt, each under a `tune-shim` of its own: they outlive the executor and can
/// be adopted by another one. The destructor leaves running attempts alone. Ended comes from exit.json always. A supervisor that
/// was ended from outside yields Interrupted when that is known, else Lost, after whatever was left of the attempt has been
/// killed. Thread safety: as Executor.
class LocalExecutor final : public Executor {
 public:
  LocalExecutor(Clock& clock, LocalOptions options, GpuInventory gpus);
  ~LocalExecutor() override;
  LocalExecutor(const LocalExecutor&) = delete;
  LocalExecutor& operator=(const LocalExecutor&) = delete;

  [[nodiscard]] bool can_launch(const Resources& resources) const override;
  Status launch(const LaunchSpec& spec) override;
  Status adopt(std::span<const LaunchSpec> specs) override;
  void stop(AttemptId id, std::chrono::milliseconds grace) override;
  std::vector<ExecutorEvent> wait(TimePoint deadline) override;
  void wake() override { wake_.wake(); }

  /// An error: the machine has no descriptors for it. Then nothing else may be called.
  [[nodiscard]] const Status& ready() const { return ready_; }
  /// How many GPUs trials can have that get so many each.
  [[nodiscard]] int gpu_count(double gpus_per_trial) const { return gpus_.count(gpus_per_trial); }

 private:
  enum class State {
    kWaiting,   ///< not started: no GPU is free for it or its memory is not, or the machine is out of processes
    kLooking,   ///< to be adopted: what has become of it?
    kRunning,   ///< a supervisor of it lives
    kSweeping,  ///< a supervisor is gone without a record, its processes are being killed
    kDraining,  ///< over; the rest of its log is read, then `last` is reported
  };
  /// One process of an attempt with its supervisor.
  struct Rank {
    LaunchSpec spec;  ///< with the directory of this process
    ShimProcess shim = {};
    std::optional<std::chrono::milliseconds> unsent_stop = {};
    std::optional<RankEnd> end = {};
    bool sweep = false;  ///< its processes may be left
    bool waits = false;  ///< it is to be started as soon as the machine has room for it

    [[nodiscard]] bool runs() const { return shim.fd() >= 0; }
  };
  struct Attempt {
    LaunchSpec spec;
    State state;
    std::vector<Rank> ranks;
    std::optional<PortReservation> port;  ///< where its processes meet
    std::optional<RankEnd> first_bad;     ///< what it ends for, when that was seen
    LogTail log;
    int slot = -1;
    bool told_waiting = false;
    bool told_started = false;
    bool has_gpus = false;  ///< kWaiting: it has its place, and waits that it becomes free
    TimePoint begun;        ///< of this state, and anew when it has its GPUs
    TimePoint next_look;    ///< in all states but kDraining: when to do the next thing
    decltype(ExecutorEvent::body) last;
    std::uint64_t drain_to = 0;

    Attempt(LaunchSpec s, State st);
  };
  using Attempts = std::map<std::uint64_t, std::unique_ptr<Attempt>>;

  Attempt& add(const LaunchSpec& spec, State state);
  void emit(const Attempt& attempt, decltype(ExecutorEvent::body) body) {
    ExecutorEvent& event = events_.emplace_back();
    event.id = attempt.spec.id;
    event.body = std::move(body);
  }
  void finish(std::uint64_t key);
  [[nodiscard]] Status check_launch(const LaunchSpec& spec) const;

  Status start(std::uint64_t key);
  void wait_for_place(Attempt& attempt, const std::string& why);
  void end_unstarted(std::uint64_t key, ExitRecord exit);
  int spawn(Attempt& attempt, int rank);
  void start_other_ranks(std::uint64_t key);
  void start_rank(std::uint64_t key, int rank);
  bool watch(std::uint64_t key, int rank);
  void begin_running(Attempt& attempt, std::vector<std::string> gpu_names);
  void look_at_gpus();
  void send_stops(Attempt& attempt);
  void look(std::uint64_t key);
  void look_again(Attempt& attempt);
  bool look_at(std::uint64_t key, int rank);
  void supervisor_ended(std::uint64_t key, int rank);
  static RankEnd end_by_record(const Rank& rank, ExitFile file);
  static RankEnd end_without_record(Rank& rank, const ShimProcess::End& end);
  void rank_ended(Attempt& attempt, int rank, RankEnd end);
  void stop_others(Attempt& attempt);
  void finish_ranks(Attempt& attempt);
  void sweep(Attempt& attempt);
  void drain(Attempt& attempt, decltype(ExecutorEvent::body) last);

  void collect_ends(TimePoint until);
  void run_timers();
  void read_logs();
  [[nodiscard]] TimePoint next_timer() const;

  Clock& clock_;
  LocalOptions options_;
  GpuPlaces gpus_;
  Slots slots_;
  ShimLauncher launcher_;
  WakeDescriptor wake_;
  int epoll_ = -1;
  std::string host_;
  Attempts attempts_;
  std::map<AttemptId, std::uint64_t> by_id_;
  std::uint64_t next_key_ = 1;              ///< 0 is the wake-up descriptor
  std::optional<TimePoint> starved_since_;  ///< nothing has run and no process could be started
  std::vector<ExecutorEvent> events_;
  Status ready_;
  TimePoint next_log_poll_;
  bool backlog_ = false;          ///< more is in the logs than one wait() may give
  std::uint64_t log_cursor_ = 0;  ///< key of the attempt whose log comes first
};

/// An error of the executor when a GPU that was asked for is not here, or the supervisor program is not.
Result<std::unique_ptr<LocalExecutor>> make_local_executor(Clock& clock, const LocalOptions& options);

}  // namespace tune::engine
