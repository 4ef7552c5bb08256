#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "engine/executors/slots.hpp"
#include "engine/executors/wake_descriptor.hpp"
#include "tune/executor.hpp"

namespace tune::engine {

class InProcessExecutor;

/// What a callable sees of its attempt. Lives as long as the call; used by one thread at a time.
class InProcessTrial {
 public:
  InProcessTrial(const InProcessTrial&) = delete;
  InProcessTrial& operator=(const InProcessTrial&) = delete;

  [[nodiscard]] const LaunchSpec& spec() const { return spec_; }
  /// Hands an observation over and blocks until it has been acted on, that is until the engine waits again after having got it.
  /// False: end now, the attempt was asked to stop or the executor is being destroyed.
  [[nodiscard]] bool report(std::string metric, std::optional<std::int64_t> step, double value);
  /// Whether it was asked to stop; for callables that go long without a report.
  [[nodiscard]] bool stop_requested() const;

 private:
  friend class InProcessExecutor;
  InProcessTrial(InProcessExecutor& executor, LaunchSpec spec) : executor_(executor), spec_(std::move(spec)) {}

  InProcessExecutor& executor_;
  const LaunchSpec spec_;
  // Guarded by the executor's mutex.
  enum class Handover { kNone, kQueued, kDelivered } handover_ = Handover::kNone;
  bool stop_requested_ = false;
};

/// Attempts that are calls of a function on threads of its own. A function cannot be killed: stop() makes its next report()
/// return false, whatever the grace, and the attempt ends when the function returns (`killed` is never set). One that throws ends
/// with code 1 and the exception's text in ExitRecord::error. GPUs are the function's own business. adopt() yields Lost for every
/// attempt: what ran inside a process that is gone is gone. The destructor asks all to stop and joins them; it takes as long as
/// they do.
class InProcessExecutor final : public Executor {
 public:
  using Function = std::function<void(InProcessTrial&)>;
  static constexpr int kMaxThreads = 4096;

  /// `threads` is how many attempts run at once. The function is called from several threads at once.
  /// REQUIRES: 1 <= threads <= kMaxThreads.
  InProcessExecutor(Clock& clock, int threads, Function function);
  ~InProcessExecutor() override;
  InProcessExecutor(const InProcessExecutor&) = delete;
  InProcessExecutor& operator=(const InProcessExecutor&) = delete;

  /// Not ok: the system did not give all the threads; then it is of no use.
  [[nodiscard]] const Status& status() const { return status_; }

  [[nodiscard]] bool can_launch(const Resources&) const override;
  Status launch(const LaunchSpec& spec) override;
  Status adopt(std::span<const LaunchSpec> specs) override;
  void stop(AttemptId id, std::chrono::milliseconds grace) override;
  std::vector<ExecutorEvent> wait(TimePoint deadline) override;
  void wake() override { wake_.wake(); }

 private:
  friend class InProcessTrial;

  void work();
  ExitRecord call(InProcessTrial& trial);
  std::vector<ExecutorEvent> take_events();

  Clock& clock_;
  const Function function_;
  WakeDescriptor wake_;
  Status status_;
  Slots slots_;                       // the engine's thread only
  std::map<AttemptId, int> slot_of_;  // the engine's thread only: attempts whose end was not delivered yet

  mutable std::mutex mutex_;
  std::condition_variable work_available_;
  std::condition_variable acted_;
  std::deque<std::shared_ptr<InProcessTrial>> queue_;
  std::map<AttemptId, std::shared_ptr<InProcessTrial>> trials_;  // queued or running
  std::vector<ExecutorEvent> events_;
  bool closing_ = false;

  std::vector<std::thread> threads_;  // last: they use all of the above
};

}  // namespace tune::engine
