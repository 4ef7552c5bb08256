#include "engine/executors/in_process_executor.hpp"

#include <sys/resource.h>

#include <exception>
#include <system_error>
#include <utility>

#include "engine/executors/host_name.hpp"

namespace tune::engine {
namespace {

double seconds(const timeval& time) { return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6; }

}  // namespace

bool InProcessTrial::report(std::string metric, std::optional<std::int64_t> step, double value) {
  std::unique_lock lock(executor_.mutex_);
  if (executor_.closing_) return false;
  executor_.events_.push_back({spec_.id, Reported{std::move(metric), step, value}});
  handover_ = Handover::kQueued;
  executor_.wake_.notify();
  executor_.acted_.wait(lock, [this] { return handover_ == Handover::kNone || executor_.closing_; });
  return !stop_requested_ && !executor_.closing_;
}

bool InProcessTrial::stop_requested() const {
  const std::lock_guard lock(executor_.mutex_);
  return stop_requested_ || executor_.closing_;
}

InProcessExecutor::InProcessExecutor(Clock& clock, int threads, Function function)
    : clock_(clock), function_(std::move(function)), slots_(threads) {
  TUNE_CHECK(threads <= kMaxThreads);
  if (wake_.fd() < 0) status_ = Status::executor("the system has no descriptor left to wait for threads with");
  if (!status_) return;
  threads_.reserve(static_cast<std::size_t>(threads));
  try {
    for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { work(); });
  } catch (const std::system_error& error) {
    status_ = Status::executor("of the " + std::to_string(threads) + " threads for trials the system gave " +
                               std::to_string(threads_.size()) + ": " + error.what() + "; fewer trials at once would do");
  }
}

InProcessExecutor::~InProcessExecutor() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  work_available_.notify_all();
  acted_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

bool InProcessExecutor::can_launch(const Resources&) const { return slots_.free() > 0; }

Status InProcessExecutor::launch(const LaunchSpec& spec) {
  const std::string name = "trial " + std::to_string(spec.id.trial) + ", attempt " + std::to_string(spec.id.attempt);
  if (slots_.free() <= 0) return Status::executor("no thread is free for " + name);
  if (slot_of_.contains(spec.id)) return Status::internal(name + " is running already");
  const int slot = slots_.acquire();
  slot_of_[spec.id] = slot;
  const std::lock_guard lock(mutex_);
  std::shared_ptr<InProcessTrial> trial(new InProcessTrial(*this, spec));
  events_.push_back({spec.id, Started{host_name(), {}, slot}});
  wake_.notify();
  trials_[spec.id] = trial;
  queue_.push_back(std::move(trial));
  work_available_.notify_one();
  return {};
}

Status InProcessExecutor::adopt(std::span<const LaunchSpec> specs) {
  const std::lock_guard lock(mutex_);
  for (const LaunchSpec& spec : specs) events_.push_back({spec.id, Lost{"it ran inside a process that is gone"}});
  wake_.notify();
  return {};
}

void InProcessExecutor::stop(AttemptId id, std::chrono::milliseconds) {
  const std::lock_guard lock(mutex_);
  if (const auto found = trials_.find(id); found != trials_.end()) found->second->stop_requested_ = true;
}

std::vector<ExecutorEvent> InProcessExecutor::wait(TimePoint deadline) {
  {
    // The caller is back, so it has acted on what the last call returned.
    const std::lock_guard lock(mutex_);
    for (auto& [id, trial] : trials_) {
      if (trial->handover_ == InProcessTrial::Handover::kDelivered) trial->handover_ = InProcessTrial::Handover::kNone;
    }
  }
  acted_.notify_all();
  while (true) {
    wake_.drain();
    const bool woken = wake_.take_wake();
    std::vector<ExecutorEvent> events = take_events();
    if (!events.empty() || woken || clock_.now() >= deadline) return events;
    wake_.block(clock_, deadline);
  }
}

std::vector<ExecutorEvent> InProcessExecutor::take_events() {
  std::vector<ExecutorEvent> events;
  {
    const std::lock_guard lock(mutex_);
    events.swap(events_);
    for (auto& [id, trial] : trials_) {
      if (trial->handover_ == InProcessTrial::Handover::kQueued) trial->handover_ = InProcessTrial::Handover::kDelivered;
    }
  }
  for (const ExecutorEvent& event : events) {
    if (!std::holds_alternative<Ended>(event.body)) continue;
    const auto slot = slot_of_.extract(event.id);
    slots_.release(slot.mapped());
  }
  return events;
}

void InProcessExecutor::work() {
  while (true) {
    std::shared_ptr<InProcessTrial> trial;
    {
      std::unique_lock lock(mutex_);
      work_available_.wait(lock, [this] { return closing_ || !queue_.empty(); });
      if (closing_) return;
      trial = std::move(queue_.front());
      queue_.pop_front();
    }
    ExitRecord exit = call(*trial);
    const std::lock_guard lock(mutex_);
    exit.stop_requested = trial->stop_requested_;
    trials_.erase(trial->spec().id);
    events_.push_back({trial->spec().id, Ended{std::move(exit)}});
    wake_.notify();
  }
}

ExitRecord InProcessExecutor::call(InProcessTrial& trial) {
  ExitRecord exit;
  rusage before{};
  getrusage(RUSAGE_THREAD, &before);
  exit.started = clock_.now();
  try {
    function_(trial);
    exit.code = 0;
  } catch (const std::exception& error) {
    exit.code = 1;
    exit.error = error.what();
  } catch (...) {
    exit.code = 1;
    exit.error = "an exception that is no std::exception";
  }
  exit.ended = clock_.now();
  rusage after{};
  getrusage(RUSAGE_THREAD, &after);
  exit.user_seconds = seconds(after.ru_utime) - seconds(before.ru_utime);
  exit.system_seconds = seconds(after.ru_stime) - seconds(before.ru_stime);
  return exit;
}

}  // namespace tune::engine
