#pragma once

#include <doctest/doctest.h>

#include <chrono>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "tune/clock.hpp"
#include "tune/executor.hpp"

/// What every Executor must do, ours or a user's. A test file gives a fixture with
///   enum class above all the trials below: LaunchSpec spec(TrialId, Behaviour);
///   Executor& executor();            with kSlots places
///   Clock& clock();
///   static constexpr bool kKills;    whether a trial that ignores the request to stop is killed
///   static constexpr bool kSurvives; whether attempts go on when the executor's process is gone
///   void restart();                  the executor's process is gone and a new one is there; executor() is the new one
/// and calls run_executor_conformance<Fixture>() from a test case. Nothing here looks at how long something takes.
namespace tune::test {

enum class Behaviour {
  kThreeObservations,  ///< gives three observations (Output or Reported) and ends with code 0
  kFails,              ///< ends with code 3
  kUntilStopped,       ///< gives one observation, then ends soon after the request to stop
  kIgnoresStop,        ///< gives one observation, then goes on for ever whatever is asked; only where kKills
};
inline constexpr int kSlots = 2;
inline constexpr std::chrono::minutes kGrace{10};        ///< never reached
inline constexpr std::chrono::milliseconds kShort{100};  ///< reached

/// The events of one executor so far; checks the order of each attempt's as they come.
class EventLog {
 public:
  explicit EventLog(Executor& executor, Clock& clock) : executor_(executor), clock_(clock) {}

  /// Waits until `done`, at most so many events or deadlines that something must be wrong.
  template <typename Done>
  void until(Done done) {
    constexpr int kTurns = 20'000;
    for (int turn = 0; turn < kTurns; ++turn) {
      if (done()) return;
      for (ExecutorEvent& event : executor_.wait(clock_.now() + std::chrono::milliseconds(20))) take(std::move(event));
    }
    FAIL("it did not happen");
  }
  void until_over(AttemptId id) {
    until([&] { return over(id); });
  }
  void until_observed(AttemptId id) {
    until([&] { return observed[id] > 0 || over(id); });
    REQUIRE_MESSAGE(observed[id] > 0, "it ended before it gave anything");
  }
  [[nodiscard]] bool over(AttemptId id) const { return ends.contains(id); }

  [[nodiscard]] const ExitRecord& exit(AttemptId id) const {
    REQUIRE(ends.contains(id));
    REQUIRE(std::holds_alternative<Ended>(ends.at(id)));
    return std::get<Ended>(ends.at(id)).exit;
  }

  std::map<AttemptId, Started> started;
  std::map<AttemptId, int> observed;  ///< Reported, and lines of Output
  std::map<AttemptId, std::string> bytes;
  std::map<AttemptId, std::vector<GpuSampled>> sampled;
  std::map<AttemptId, std::string> waiting;  ///< for what, said last
  std::map<AttemptId, std::uint64_t> first_offset;
  std::map<AttemptId, decltype(ExecutorEvent::body)> ends;

  void take(ExecutorEvent event) {
    const AttemptId id = event.id;
    INFO("trial ", id.trial, ", attempt ", id.attempt);
    CHECK_MESSAGE(!ends.contains(id), "an event after the end");
    if (auto* start = std::get_if<Started>(&event.body)) {
      CHECK_MESSAGE(!started.contains(id), "started twice");
      CHECK(!start->host.empty());
      CHECK(start->slot >= 0);
      started[id] = *start;
    } else if (auto* output = std::get_if<Output>(&event.body)) {
      CHECK(started.contains(id));
      CHECK(!output->bytes.empty());
      first_offset.try_emplace(id, output->offset);
      CHECK_MESSAGE(output->offset == first_offset[id] + bytes[id].size(), "a gap in the output");
      for (const char byte : output->bytes) observed[id] += byte == '\n' ? 1 : 0;
      bytes[id] += output->bytes;
    } else if (std::holds_alternative<Reported>(event.body)) {
      CHECK(started.contains(id));
      ++observed[id];
    } else if (auto* sample = std::get_if<GpuSampled>(&event.body)) {
      CHECK(started.contains(id));
      sampled[id].push_back(*sample);
    } else if (auto* waits = std::get_if<Waiting>(&event.body)) {
      CHECK(!started.contains(id));
      waiting[id] = waits->why;
    } else {
      if (auto* ended = std::get_if<Ended>(&event.body); ended != nullptr) {
        if (ended->exit.code || ended->exit.signal) CHECK(started.contains(id));
        CHECK(ended->exit.started <= ended->exit.ended);
      }
      ends[id] = std::move(event.body);
    }
  }

 private:
  Executor& executor_;
  Clock& clock_;
};

namespace conformance {

template <typename Fixture>
void one_attempt_after_another() {
  Fixture fixture;
  EventLog log(fixture.executor(), fixture.clock());
  const AttemptId good{1, 1};
  REQUIRE(fixture.executor().launch(fixture.spec(1, Behaviour::kThreeObservations)).ok());
  log.until_over(good);
  CHECK(log.observed[good] == 3);
  CHECK(log.exit(good).code == 0);
  CHECK(!log.exit(good).signal.has_value());
  CHECK(!log.exit(good).stop_requested);
  CHECK(!log.exit(good).killed);

  const AttemptId bad{2, 1};
  REQUIRE(fixture.executor().launch(fixture.spec(2, Behaviour::kFails)).ok());
  log.until_over(bad);
  CHECK(log.exit(bad).code.value_or(0) != 0);
  CHECK(log.ends.size() == 2);
}

template <typename Fixture>
void slots_are_honoured() {
  Fixture fixture;
  Executor& executor = fixture.executor();
  EventLog log(executor, fixture.clock());
  for (TrialId trial = 1; trial <= kSlots; ++trial) {
    REQUIRE(executor.can_launch({}));
    REQUIRE(executor.launch(fixture.spec(trial, Behaviour::kUntilStopped)).ok());
  }
  CHECK(!executor.can_launch({}));
  CHECK(!executor.launch(fixture.spec(kSlots + 1, Behaviour::kThreeObservations)).ok());
  log.until([&] { return log.started.size() == kSlots; });
  std::set<int> slots;
  for (const auto& [id, started] : log.started) slots.insert(started.slot);
  CHECK(slots.size() == kSlots);

  executor.stop({1, 1}, kGrace);
  log.until_over({1, 1});
  CHECK(executor.can_launch({}));
  REQUIRE(executor.launch(fixture.spec(kSlots + 1, Behaviour::kThreeObservations)).ok());
  log.until_over({kSlots + 1, 1});
  CHECK(log.started[{kSlots + 1, 1}].slot == log.started[{1, 1}].slot);
  executor.stop({2, 1}, kGrace);
  log.until_over({2, 1});
}

template <typename Fixture>
void stop_with_grace() {
  Fixture fixture;
  EventLog log(fixture.executor(), fixture.clock());
  const AttemptId id{1, 1};
  REQUIRE(fixture.executor().launch(fixture.spec(1, Behaviour::kUntilStopped)).ok());
  log.until_observed(id);
  fixture.executor().stop(id, kGrace);
  log.until_over(id);
  CHECK(log.exit(id).stop_requested);
  CHECK(!log.exit(id).killed);
}

template <typename Fixture>
void stop_kills_after_the_grace_period() {
  if constexpr (Fixture::kKills) {
    Fixture fixture;
    EventLog log(fixture.executor(), fixture.clock());
    const AttemptId id{1, 1};
    REQUIRE(fixture.executor().launch(fixture.spec(1, Behaviour::kIgnoresStop)).ok());
    log.until_observed(id);
    fixture.executor().stop(id, kShort);
    log.until_over(id);
    CHECK(log.exit(id).signal == 9);
    CHECK(log.exit(id).stop_requested);
    CHECK(log.exit(id).killed);
  }
}

template <typename Fixture>
void stop_now_and_a_shortened_grace() {
  if constexpr (Fixture::kKills) {
    Fixture fixture;
    EventLog log(fixture.executor(), fixture.clock());
    const AttemptId now{1, 1};
    const AttemptId later{2, 1};
    REQUIRE(fixture.executor().launch(fixture.spec(1, Behaviour::kIgnoresStop)).ok());
    REQUIRE(fixture.executor().launch(fixture.spec(2, Behaviour::kIgnoresStop)).ok());
    log.until_observed(now);
    log.until_observed(later);
    fixture.executor().stop(now, std::chrono::milliseconds(0));
    fixture.executor().stop(later, kGrace);
    log.until_over(now);
    CHECK(log.exit(now).signal == 9);
    CHECK(log.exit(now).stop_requested);
    CHECK(!log.over(later));
    fixture.executor().stop(later, kShort);
    fixture.executor().stop(later, kGrace);  // can only shorten
    log.until_over(later);
    CHECK(log.exit(later).signal == 9);
    CHECK(log.exit(later).killed);
  }
}

template <typename Fixture>
void unknown_attempts_are_ignored() {
  Fixture fixture;
  EventLog log(fixture.executor(), fixture.clock());
  fixture.executor().stop({7, 1}, kGrace);
  const AttemptId id{1, 1};
  REQUIRE(fixture.executor().launch(fixture.spec(1, Behaviour::kThreeObservations)).ok());
  fixture.executor().stop({1, 2}, std::chrono::milliseconds(0));  // another attempt of the same trial
  log.until_over(id);
  CHECK(log.exit(id).code == 0);
  fixture.executor().stop(id, kGrace);
  CHECK(fixture.executor().wait(fixture.clock().now()).empty());
  CHECK(log.ends.size() == 1);
}

template <typename Fixture>
void deadline_and_wake() {
  Fixture fixture;
  Executor& executor = fixture.executor();
  const TimePoint deadline = fixture.clock().now() + std::chrono::milliseconds(30);
  CHECK(executor.wait(deadline).empty());
  CHECK(fixture.clock().now() >= deadline);

  executor.wake();
  CHECK(executor.wait(TimePoint::max()).empty());  // would hang if the wake-up were forgotten
  std::thread other([&executor] { executor.wake(); });
  CHECK(executor.wait(TimePoint::max()).empty());
  other.join();
}

template <typename Fixture>
void adopt_after_restart() {
  Fixture fixture;
  const LaunchSpec running = fixture.spec(1, Behaviour::kUntilStopped);
  const AttemptId never{9, 1};
  std::vector<LaunchSpec> specs = {running, fixture.spec(9, Behaviour::kThreeObservations)};
  {
    EventLog before(fixture.executor(), fixture.clock());
    REQUIRE(fixture.executor().launch(running).ok());
    before.until_observed(running.id);
    specs[0].log_offset = before.bytes[running.id].size();
    specs[0].slot = before.started[running.id].slot;
  }
  fixture.restart();
  EventLog log(fixture.executor(), fixture.clock());
  REQUIRE(fixture.executor().adopt(specs).ok());
  log.until_over(never);
  CHECK(std::holds_alternative<Lost>(log.ends.at(never)));
  if constexpr (Fixture::kSurvives) {
    log.until([&] { return log.started.contains(running.id); });
    CHECK(log.started[running.id].slot == specs[0].slot);
    fixture.executor().stop(running.id, kGrace);
    log.until_over(running.id);
    CHECK(log.exit(running.id).stop_requested);
    if (log.first_offset.contains(running.id)) CHECK(log.first_offset[running.id] == specs[0].log_offset);
  } else {
    log.until_over(running.id);
    CHECK(std::holds_alternative<Lost>(log.ends.at(running.id)));
  }
}

template <typename Fixture>
void a_launched_attempt_is_not_launched_again() {
  Fixture fixture;
  EventLog log(fixture.executor(), fixture.clock());
  const LaunchSpec spec = fixture.spec(1, Behaviour::kUntilStopped);
  REQUIRE(fixture.executor().launch(spec).ok());
  CHECK(!fixture.executor().launch(spec).ok());
  log.until_observed(spec.id);
  fixture.executor().stop(spec.id, kGrace);
  log.until_over(spec.id);
}

}  // namespace conformance

template <typename Fixture>
void run_executor_conformance() {
  SUBCASE("one attempt after another") { conformance::one_attempt_after_another<Fixture>(); }
  SUBCASE("slots are honoured") { conformance::slots_are_honoured<Fixture>(); }
  SUBCASE("stop with grace") { conformance::stop_with_grace<Fixture>(); }
  SUBCASE("stop kills after the grace period") { conformance::stop_kills_after_the_grace_period<Fixture>(); }
  SUBCASE("stop now, and a shortened grace") { conformance::stop_now_and_a_shortened_grace<Fixture>(); }
  SUBCASE("unknown attempts are ignored") { conformance::unknown_attempts_are_ignored<Fixture>(); }
  SUBCASE("deadline and wake") { conformance::deadline_and_wake<Fixture>(); }
  SUBCASE("adopt after a restart") { conformance::adopt_after_restart<Fixture>(); }
  SUBCASE("a launched attempt is not launched again") { conformance::a_launched_attempt_is_not_launched_again<Fixture>(); }
}

}  // namespace tune::test
