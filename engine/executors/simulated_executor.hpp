#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <queue>
#include <string>
#include <vector>

#include "engine/clock/system_clock.hpp"
#include "engine/executors/slots.hpp"
#include "engine/executors/wake_descriptor.hpp"
#include "tune/executor.hpp"

namespace tune::engine {

/// What one simulated attempt does. Without an end it runs until it is stopped.
struct SimulatedTrial {
  struct Event {
    Duration after{0};                   ///< since the attempt's previous event
    decltype(ExecutorEvent::body) body;  ///< Output (the offset is filled in), Reported, Ended, Interrupted or Lost
  };
  std::vector<Event> events;
  Duration waits{0};                   ///< > 0: yields Waiting and starts that much later
  Duration stop_reaction{0};           ///< from the request to stop to its end; beyond the grace period it is killed
  std::optional<int> stop_code;        ///< how it ends when it was asked to stop; none: by SIGTERM
  bool gone = false;                   ///< adopt: yields Lost instead of Started
  std::vector<std::string> gpus = {};  ///< that it is given

  SimulatedTrial& output(Duration after, std::string bytes) { return add(after, Output{std::move(bytes), 0}); }
  SimulatedTrial& report(Duration after, std::string metric, std::optional<std::int64_t> step, double value) {
    return add(after, Reported{std::move(metric), step, value});
  }
  SimulatedTrial& exit(Duration after, int code = 0) {
    Ended ended;
    ended.exit.code = code;
    return add(after, ended);
  }
  SimulatedTrial& signal(Duration after, int number) {
    Ended ended;
    ended.exit.signal = number;
    return add(after, ended);
  }
  SimulatedTrial& launch_error(std::string why) {
    Ended ended;
    ended.exit.launch_error = std::move(why);
    return add(Duration{0}, ended);
  }
  SimulatedTrial& interrupted(Duration after, std::string why) { return add(after, Interrupted{std::move(why)}); }
  SimulatedTrial& lost(Duration after, std::string why) { return add(after, Lost{std::move(why)}); }

 private:
  SimulatedTrial& add(Duration after, decltype(ExecutorEvent::body) body) {
    events.push_back({after, std::move(body)});
    return *this;
  }
};

/// Attempts that happen in virtual time, by a script: whole studies in milliseconds, the same every time. wait() sets the clock
/// to the next event and returns all that happen at that moment, in the order in which they were caused; or to the deadline when
/// that is earlier. A deadline of TimePoint::max() with nothing to come blocks until wake(). Thread safety: as Executor; wake()
/// leaves the clock where it is.
class SimulatedExecutor final : public Executor {
 public:
  /// Asked once per launched or adopted attempt; for an adopted one it gives what comes after `log_offset`.
  using Script = std::function<SimulatedTrial(const LaunchSpec&)>;

  SimulatedExecutor(ManualClock& clock, int slots, Script script);

  [[nodiscard]] bool can_launch(const Resources&) const override;
  Status launch(const LaunchSpec& spec) override;
  Status adopt(std::span<const LaunchSpec> specs) override;
  void stop(AttemptId id, std::chrono::milliseconds grace) override;
  std::vector<ExecutorEvent> wait(TimePoint deadline) override;
  void wake() override { wake_.wake(); }

 private:
  struct Run {
    SimulatedTrial trial;
    std::size_t next = 0;  ///< of trial.events
    std::uint64_t offset = 0;
    TimePoint started;
    int slot = -1;
    bool stop_requested = false;
  };
  struct Due {
    TimePoint time;
    std::uint64_t order = 0;  ///< ties: first caused, first out
    std::uint64_t run = 0;
    std::optional<decltype(ExecutorEvent::body)> forced;  ///< else the run's next scripted event
    bool operator<(const Due& other) const {              // std::priority_queue gives the greatest first
      return time != other.time ? time > other.time : order > other.order;
    }
  };

  Status begin(const LaunchSpec& spec, bool adopted);
  void schedule(std::uint64_t run, TimePoint time, std::optional<decltype(ExecutorEvent::body)> forced);
  void schedule_next(std::uint64_t run, TimePoint from);
  void happen(Due due, std::vector<ExecutorEvent>& out);

  ManualClock& clock_;
  Slots slots_;
  Script script_;
  WakeDescriptor wake_;
  std::priority_queue<Due> due_;
  std::map<std::uint64_t, Run> runs_;
  std::map<AttemptId, std::uint64_t> by_id_;
  std::map<std::uint64_t, AttemptId> ids_;
  std::uint64_t next_run_ = 0;
  std::uint64_t next_order_ = 0;
};

}  // namespace tune::engine
