#include "engine/executors/simulated_executor.hpp"

#include <doctest/doctest.h>

#include "tests/conformance/executor_conformance.hpp"

namespace tune::engine {
namespace {
using namespace std::chrono_literals;
using test::Behaviour;
using test::EventLog;

/// The trial's number says what it does; an attempt that was never launched is gone.
class SimulatedFixture {
 public:
  static constexpr bool kKills = true;
  static constexpr bool kSurvives = true;

  SimulatedFixture() { restart(); }
  Executor& executor() { return *executor_; }
  Clock& clock() { return clock_; }
  LaunchSpec spec(TrialId trial, Behaviour behaviour) {
    behaviours_[trial] = behaviour;
    LaunchSpec spec;
    spec.id = {trial, 1};
    return spec;
  }
  void restart() {
    executor_ = std::make_unique<SimulatedExecutor>(clock_, test::kSlots, [this](const LaunchSpec& spec) { return trial(spec); });
  }

 private:
  SimulatedTrial trial(const LaunchSpec& spec) {
    SimulatedTrial trial;
    if (spec.id.trial == 9) trial.gone = true;
    switch (behaviours_.at(spec.id.trial)) {
      case Behaviour::kThreeObservations:
        trial.output(1s, "loss=3\n").output(1s, "loss=2\n").report(1s, "loss", 3, 1.0).exit(1s);
        break;
      case Behaviour::kFails:
        trial.exit(1s, 3);
        break;
      case Behaviour::kUntilStopped:
        trial.output(1s, "loss=3\n");
        break;
      case Behaviour::kIgnoresStop:
        trial.output(1s, "loss=3\n");
        trial.stop_reaction = 24h;
        break;
    }
    return trial;
  }

  ManualClock clock_;
  std::map<TrialId, Behaviour> behaviours_;
  std::unique_ptr<SimulatedExecutor> executor_;
};

TEST_CASE("simulated executor: conformance") { test::run_executor_conformance<SimulatedFixture>(); }

TEST_CASE("simulated executor: the clock jumps from event to event") {
  ManualClock clock(TimePoint{1000s});
  SimulatedExecutor executor(clock, 2, [](const LaunchSpec& spec) {
    SimulatedTrial trial;
    return trial.output(10s * spec.id.trial, "a").output(10s, "bc").exit(1h, 4);
  });
  for (TrialId id : {1, 2}) {
    LaunchSpec spec;
    spec.id = {id, 1};
    REQUIRE(executor.launch(spec).ok());
  }
  const TimePoint far{100h};
  CHECK(executor.wait(far).size() == 2);  // both started, at once
  CHECK(clock.now() == TimePoint{1000s});
  REQUIRE(executor.wait(far).size() == 1);
  CHECK(clock.now() == TimePoint{1010s});

  CHECK(executor.wait(TimePoint{1015s}).empty());  // an earlier deadline
  CHECK(clock.now() == TimePoint{1015s});

  // A tie: trial 2's first event was caused at 1000 s, trial 1's second one at 1010 s.
  const auto tie = executor.wait(far);
  REQUIRE(tie.size() == 2);
  CHECK(tie[0].id.trial == 2);
  CHECK(tie[1].id.trial == 1);
  CHECK(std::get<Output>(tie[1].body).offset == 1);
  CHECK(std::get<Output>(tie[1].body).bytes == "bc");
  CHECK(executor.wait(far).size() == 1);

  const auto end = executor.wait(far);
  REQUIRE(end.size() == 1);
  const ExitRecord& exit = std::get<Ended>(end[0].body).exit;
  CHECK(exit.code == 4);
  CHECK(exit.started == TimePoint{1000s});
  CHECK(exit.ended == TimePoint{4620s});
}

TEST_CASE("simulated executor: what a script can say") {
  ManualClock clock;
  SimulatedExecutor executor(clock, 6, [](const LaunchSpec& spec) {
    SimulatedTrial trial;
    switch (spec.id.trial) {
      case 1:
        trial.signal(1s, 11);
        break;
      case 2:
        trial.interrupted(1s, "preempted");
        break;
      case 3:
        trial.lost(1s, "node down");
        break;
      case 4:
        trial.launch_error("no such file");
        break;
      case 5:
        trial.stop_code = 7;
        break;
      default:
        trial.waits = 5s;
        break;
    }
    return trial;
  });
  EventLog log(executor, clock);
  for (TrialId id = 1; id <= 6; ++id) {
    LaunchSpec spec;
    spec.id = {id, 1};
    REQUIRE(executor.launch(spec).ok());
  }
  const auto first = executor.wait(TimePoint{});
  REQUIRE(first.size() == 7);
  CHECK(std::holds_alternative<Waiting>(first.back().body));
  for (const ExecutorEvent& event : first) log.take(event);
  executor.stop({5, 1}, 1h);
  executor.stop({6, 1}, 1h);  // never gets its place
  log.until([&] { return log.ends.size() == 6; });
  CHECK(log.exit({1, 1}).signal == 11);
  CHECK(std::get<Interrupted>(log.ends.at({2, 1})).why == "preempted");
  CHECK(std::get<Lost>(log.ends.at({3, 1})).why == "node down");
  CHECK(log.exit({4, 1}).launch_error == "no such file");
  CHECK(log.exit({5, 1}).code == 7);
  CHECK(log.exit({5, 1}).stop_requested);
  CHECK(!log.started.contains({6, 1}));
  CHECK(!log.exit({6, 1}).code.has_value());
  CHECK(log.exit({6, 1}).stop_requested);
}

TEST_CASE("simulated executor: a trial's own end before its reaction wins") {
  ManualClock clock;
  SimulatedExecutor executor(clock, 1, [](const LaunchSpec&) {
    SimulatedTrial trial;
    trial.stop_reaction = 10s;
    return trial.exit(5s, 0);
  });
  EventLog log(executor, clock);
  LaunchSpec spec;
  spec.id = {1, 1};
  REQUIRE(executor.launch(spec).ok());
  log.until([&] { return log.started.size() == 1; });
  executor.stop(spec.id, 1min);
  log.until_over(spec.id);
  CHECK(log.exit(spec.id).code == 0);
  CHECK(log.exit(spec.id).stop_requested);
  // What was still planned for it is forgotten: no second end, and the executor goes on to the deadline.
  CHECK(executor.wait(clock.now() + 1h).empty());
}

}  // namespace
}  // namespace tune::engine
