#include "engine/executors/in_process_executor.hpp"

#include <doctest/doctest.h>

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <stdexcept>

#include "engine/clock/system_clock.hpp"
#include "tests/conformance/executor_conformance.hpp"

namespace tune::engine {
namespace {
using namespace std::chrono_literals;
using test::Behaviour;
using test::EventLog;

LaunchSpec spec_of(TrialId trial) {
  LaunchSpec spec;
  spec.id = {trial, 1};
  return spec;
}

class InProcessFixture {
 public:
  static constexpr bool kKills = false;
  static constexpr bool kSurvives = false;

  InProcessFixture() { restart(); }
  Executor& executor() { return *executor_; }
  Clock& clock() { return clock_; }
  LaunchSpec spec(TrialId trial, Behaviour behaviour) {
    const std::lock_guard lock(mutex_);
    behaviours_[trial] = behaviour;
    return spec_of(trial);
  }
  void restart() {
    executor_ = std::make_unique<InProcessExecutor>(clock_, test::kSlots, [this](InProcessTrial& trial) { call(trial); });
  }

 private:
  void call(InProcessTrial& trial) {
    switch (behaviour(trial.spec().id.trial)) {
      case Behaviour::kThreeObservations:
        for (int step = 1; step <= 3; ++step) {
          if (!trial.report("loss", step, 1.0 / step)) return;
        }
        return;
      case Behaviour::kFails:
        throw std::runtime_error("no good");
      default:
        while (trial.report("loss", std::nullopt, 1.0)) {
        }
    }
  }
  Behaviour behaviour(TrialId trial) {
    const std::lock_guard lock(mutex_);
    return behaviours_.at(trial);
  }

  SystemClock clock_;
  std::mutex mutex_;
  std::map<TrialId, Behaviour> behaviours_;
  std::unique_ptr<InProcessExecutor> executor_;
};

TEST_CASE("in-process executor: conformance") { test::run_executor_conformance<InProcessFixture>(); }

TEST_CASE("in-process executor: report returns after the observation was acted on") {
  SystemClock clock;
  std::atomic<int> returned{0};
  std::atomic<int> asked_on{0};
  InProcessExecutor executor(clock, 1, [&](InProcessTrial& trial) {
    while (trial.report("loss", 1, 0.5)) ++asked_on;
    ++returned;
  });
  EventLog log(executor, clock);
  const LaunchSpec spec = spec_of(1);
  REQUIRE(executor.launch(spec).ok());
  // The first wait() that delivers a report leaves the trial blocked: a stop in between is seen by that very report.
  while (log.observed[spec.id] == 0) {
    for (ExecutorEvent& event : executor.wait(TimePoint::max())) log.take(std::move(event));
  }
  CHECK(returned == 0);
  CHECK(asked_on == 0);
  executor.stop(spec.id, 1h);
  CHECK(returned == 0);  // still the engine's turn
  log.until_over(spec.id);
  CHECK(asked_on == 0);
  CHECK(log.observed[spec.id] == 1);
  CHECK(log.exit(spec.id).code == 0);
  CHECK(log.exit(spec.id).stop_requested);
}

TEST_CASE("in-process executor: waits that return early do not answer a report that was not delivered") {
  SystemClock clock;
  InProcessExecutor executor(clock, 1, [&](InProcessTrial& trial) {
    for (int step = 1; step <= 200; ++step) {
      if (!trial.report("loss", step, 0.5)) return;
    }
  });
  EventLog log(executor, clock);
  REQUIRE(executor.launch(spec_of(1)).ok());
  std::atomic<bool> done{false};
  std::thread waker([&] {
    while (!done) {
      executor.wake();
      std::this_thread::yield();
    }
  });
  std::int64_t expected = 1;
  while (!log.over({1, 1})) {
    const auto events = executor.wait(clock.now());
    int reports = 0;
    for (const ExecutorEvent& event : events) {
      if (const auto* reported = std::get_if<Reported>(&event.body)) {
        CHECK(reported->step == expected++);
        ++reports;
      }
      log.take(event);
    }
    CHECK(reports <= 1);  // the trial is blocked while one is being acted on
  }
  done = true;
  waker.join();
  CHECK(expected == 201);
}

TEST_CASE("in-process executor: what a function throws is its error") {
  SystemClock clock;
  InProcessExecutor executor(clock, 2, [](InProcessTrial& trial) {
    if (trial.spec().id.trial == 1) throw std::runtime_error("label 11 is out of range");
    throw 42;
  });
  EventLog log(executor, clock);
  REQUIRE(executor.launch(spec_of(1)).ok());
  REQUIRE(executor.launch(spec_of(2)).ok());
  log.until([&] { return log.ends.size() == 2; });
  CHECK(log.exit({1, 1}).code == 1);
  CHECK(log.exit({1, 1}).error == "label 11 is out of range");
  CHECK(log.exit({2, 1}).code == 1);
  CHECK(log.exit({2, 1}).error == "an exception that is no std::exception");
}

TEST_CASE("in-process executor: its end ends the calls that run and those that wait for an answer") {
  SystemClock clock;
  std::atomic<int> ended{0};
  std::atomic<bool> told_to_go_on{false};
  {
    InProcessExecutor executor(clock, 2, [&](InProcessTrial& trial) {
      if (trial.spec().id.trial == 1) {
        told_to_go_on = trial.report("loss", 1, 0.5);
      } else {
        while (!trial.stop_requested()) std::this_thread::yield();
      }
      ++ended;
    });
    EventLog log(executor, clock);
    REQUIRE(executor.launch(spec_of(1)).ok());
    REQUIRE(executor.launch(spec_of(2)).ok());
    while (log.observed[{1, 1}] == 0) {  // and nobody ever waits again
      for (ExecutorEvent& event : executor.wait(TimePoint::max())) log.take(std::move(event));
    }
  }
  CHECK(!told_to_go_on);
  CHECK(ended >= 1);  // a call that had not begun never begins
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) && !defined(__clang__)  // they need all addresses
TEST_CASE("threads that the system does not give are a status, not an exception") {
  const pid_t child = fork();
  if (child == 0) {
    // Room for some stacks, not for all.
    std::size_t pages = 0;
    std::ifstream("/proc/self/statm") >> pages;
    const rlim_t room = pages * static_cast<std::size_t>(sysconf(_SC_PAGESIZE)) + (512U << 20);
    const rlimit limit{room, room};
    if (setrlimit(RLIMIT_AS, &limit) != 0) _exit(2);
    SystemClock clock;
    const InProcessExecutor executor(clock, InProcessExecutor::kMaxThreads, [](InProcessTrial&) {});
    const bool said = !executor.status().ok() && executor.status().code() == ErrorCode::kExecutor &&
                      executor.status().message().starts_with("of the 4096 threads for trials the system gave ");
    _exit(said ? 0 : 1);
  }
  int state = 0;
  REQUIRE(waitpid(child, &state, 0) == child);
  CHECK(WIFEXITED(state));
  CHECK(WEXITSTATUS(state) == 0);
}
#endif

}  // namespace
}  // namespace tune::engine
