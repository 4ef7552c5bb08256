#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "engine/core/study_core.hpp"
#include "engine/run/outputs.hpp"
#include "engine/run/run_study.hpp"
#include "metrics/log_reader.hpp"
#include "tune/executor.hpp"

namespace tune::engine {

inline constexpr std::chrono::seconds kSyncInterval{1};  ///< observations are on the disk at most this late

/// Between SIGTERM and SIGKILL.
inline std::chrono::milliseconds grace_of(const StudySpec& spec) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(spec.limits.grace);
}

struct RunLoopOptions {
  int parallel = 1;
  Resources resources;                                              ///< of each trial
  std::shared_ptr<const metrics::CompiledDefinitions> definitions;  ///< none: the executor reports without a log
  std::optional<StudySpec> launch_spec;  ///< what trials are started with when it is not the recorded config (library commands)
};

/// Drives a study with an executor until it ends or is interrupted: fills slots, turns log bytes into observations, lets the core
/// judge them, and acts on decisions once they are durable. The one place where a run blocks is Executor::wait.
class RunLoop {
 public:
  RunLoop(StudyCore& core, Executor& executor, const Clock& clock, RunLoopOptions options, Interrupts& interrupts,
          RunObserver* observer)
      : core_(core),
        executor_(executor),
        clock_(clock),
        options_(std::move(options)),
        interrupts_(interrupts),
        observer_(observer) {}

  /// Ok also after an interruption; then the study is still InProgress. An error: the journal or the executor failed; running
  /// trials were left alone, and the study can be resumed.
  Status run();

 private:
  /// Something a trial did, in the order in which it did it.
  struct Seen {
    std::string metric;
    std::optional<std::int64_t> step;  ///< none: the count of that metric's observations
    double value = 0.0;
    std::optional<event::LogPosition> position;
    bool counted = false;
  };
  struct Gone {
    std::string why;
    bool lost = false;
  };
  /// What ended an attempt that may be tried again.
  enum class Cause {
    kBroken,    ///< the infrastructure broke it
    kTaken,     ///< what it ran on was taken away, or its supervisor was ended from outside
    kSignalled  ///< somebody else's signal ended its command
  };
  using Item = std::variant<Seen, ExitRecord, Gone>;

  /// A moment at which a trial is stopped, and the stop reason.
  struct TimeLimit {
    TimePoint at;
    const char* reason;
  };

  /// An attempt in flight.
  struct Live {
    AttemptId id;
    std::optional<metrics::LogReader> reader;
    std::deque<Item> items;          ///< received and not consumed yet
    bool adopted = false;            ///< it was started by an earlier owner
    std::optional<TimePoint> begun;  ///< by our clock, of one that was adopted and runs
    std::optional<TimeLimit> time_limit;
    std::optional<TimePoint> last_sign;  ///< when it last said something, its start at least; none before that
    std::uint64_t old_output = 0;        ///< bytes of the log that were there when it was adopted
    GpuUse gpu_use;                      ///< as far as this process has seen it
    bool asked_to_stop = false;          ///< the executor was told
    bool over = false;                   ///< its end is among the items
  };

  [[nodiscard]] bool deterministic() const { return core_.spec().deterministic; }
  [[nodiscard]] bool interrupted() const { return interrupts_.count() > 0; }
  [[nodiscard]] const StudySpec& launch_spec() const { return options_.launch_spec ? *options_.launch_spec : core_.spec(); }
  [[nodiscard]] TimePoint next_deadline() const;

  Status adopt_in_flight();
  Status close_study();
  [[nodiscard]] bool looks_ahead() const { return core_.spec().lookahead > 0; }
  [[nodiscard]] bool has_free_slot() const;
  [[nodiscard]] std::vector<TrialId> waiting_trials() const;
  [[nodiscard]] std::optional<TrialId> next_interrupted() const;
  [[nodiscard]] std::optional<TimePoint> retry_time(TrialId trial) const;
  [[nodiscard]] std::vector<TrialId> kept_slots() const;
  [[nodiscard]] bool free_slots_are_kept() const;
  [[nodiscard]] std::optional<TrialId> next_proposed() const;
  [[nodiscard]] bool nothing_to_launch() const;
  void fill_slots(std::int64_t virtual_clock);
  bool look_ahead();
  void launch(TrialId trial, std::int64_t virtual_clock);
  Live& make_live(AttemptId id);
  void set_time_limit(Live& live);
  [[nodiscard]] std::optional<TimePoint> wait_limit(const TrialRecord& trial) const;
  void look_for_signs(Live& live, const std::string& directory);
  /// When the trial will have been silent for too long.
  [[nodiscard]] std::optional<TimePoint> stalled_at(const Live& live) const;
  void copy_outputs(bool all);
  Status carry_out();
  Status start(const LaunchSpec& spec);

  void receive(ExecutorEvent& event);
  void receive_output(Live& live, const Output& output, bool last);
  void add_sample(Live& live, const GpuSampled& sample);
  void record_gpu_use(const Live& live);
  void consume_all();
  [[nodiscard]] Live* first_in_virtual_order();
  void consume_in_virtual_order();
  void consume(Live& live);
  void consume_seen(Live& live, Seen seen);
  void consume_exit(Live& live, const ExitRecord& exit);
  void consume_gone(Live& live, const Gone& gone);
  [[nodiscard]] std::optional<std::string> broken_by(const Live& live, const EndReport& report) const;
  void again_or_fail(const Live& live, const EndReport& report, const std::string& why, Cause cause);
  [[nodiscard]] std::optional<TimePoint> end_of(const Live& live, const ExitRecord& exit) const;
  void forget(Live& live);
  [[nodiscard]] std::int64_t clock_of(TrialId trial) const;
  [[nodiscard]] bool is_ending(TrialId trial) const;
  [[nodiscard]] bool ran_to_its_end(TrialId trial, const ExitRecord& exit) const;
  void recall(Live& live);
  [[nodiscard]] std::int64_t virtual_clock_of_head(const Live& live) const;
  [[nodiscard]] bool is_new_objective_step(TrialId trial, const Seen& seen) const;
  [[nodiscard]] EndReport report_of(const Live& live, const ExitRecord& exit) const;

  void end_if_due();
  void end_stopped();
  [[nodiscard]] std::optional<Ending> limit_reached() const;
  void check_limits();
  void check_waiting(TimePoint now);
  void check_requests();
  void check_interrupts();
  void kill_all();
  void begin_ending(const Ending& ending);
  void stop_live(Live& live, std::chrono::milliseconds grace);
  void note(const std::string& text, TrialId trial = 0);

  StudyCore& core_;
  Executor& executor_;
  const Clock& clock_;
  RunLoopOptions options_;
  Interrupts& interrupts_;
  RunObserver* observer_;

  std::map<TrialId, Live> live_;
  std::unique_ptr<Outputs> outputs_;                                    ///< where the study has an `output`
  std::vector<LaunchSpec> launches_;                                    ///< decided, not durable yet
  std::vector<std::pair<AttemptId, std::chrono::milliseconds>> stops_;  ///< likewise
  std::set<std::string> left_aside_;                                    ///< requests that make no sense and cannot be removed
  std::vector<std::string> handled_requests_;                           ///< files to remove once what they asked is durable
  std::optional<Ending> ending_;
  bool nothing_left_ = false;  ///< the strategy is exhausted or max_trials are proposed
  bool consumed_all_ = true;   ///< false: consuming was put off until a launch is carried out and the next trial proposed
  int interrupts_seen_ = 0;
  TimePoint last_sync_;
  TimePoint last_tick_;
};

}  // namespace tune::engine
