#include "engine/executors/spot_market.hpp"

#include <doctest/doctest.h>

#include <map>
#include <memory>
#include <vector>

#include "engine/executors/simulated_executor.hpp"

namespace tune::engine {
namespace {
using namespace std::chrono_literals;

LaunchSpec spec(TrialId trial) {
  LaunchSpec spec;
  spec.id = {trial, 1};
  return spec;
}

struct Market {
  explicit Market(
      SpotMarketOptions options, SimulatedExecutor::Script script = [](const LaunchSpec&) { return SimulatedTrial(); })
      : market(std::make_unique<SimulatedExecutor>(clock, options.slots, std::move(script)), clock, options) {}

  /// Everything that happens for so long.
  std::vector<ExecutorEvent> live(Duration time) {
    std::vector<ExecutorEvent> all;
    const TimePoint until = clock.now() + time;
    while (clock.now() < until) {
      for (ExecutorEvent& event : market.wait(until)) all.push_back(std::move(event));
    }
    return all;
  }

  ManualClock clock;
  SpotMarket market;
};

template <typename Body>
int count(const std::vector<ExecutorEvent>& events) {
  int found = 0;
  for (const ExecutorEvent& event : events) found += std::holds_alternative<Body>(event.body) ? 1 : 0;
  return found;
}

TEST_CASE("slots stay and are away for times of the given means, the same for the same seed") {
  std::map<std::uint64_t, std::vector<std::int64_t>> moments;
  for (const std::uint64_t seed : {1U, 1U, 2U}) {
    Market one({.slots = 1, .every = 100s, .notice = 0ms, .away = 25s, .seed = seed});
    std::vector<std::int64_t> taken;
    double here = 0.0;
    constexpr int kTrials = 2000;
    for (TrialId trial = 1; trial <= kTrials; ++trial) {
      while (!one.market.can_launch({})) (void)one.market.wait(one.clock.now() + 1h);
      const TimePoint begun = one.clock.now();
      REQUIRE(one.market.launch(spec(trial)).ok());
      std::vector<ExecutorEvent> events;
      while (count<Interrupted>(events) == 0) {
        for (ExecutorEvent& event : one.market.wait(one.clock.now() + 1h)) events.push_back(std::move(event));
      }
      here += to_seconds(one.clock.now() - begun);
      taken.push_back(one.clock.now().time_since_epoch().count());
    }
    CHECK(here / kTrials == doctest::Approx(100.0).epsilon(0.1));
    CHECK(to_seconds(one.clock.now().time_since_epoch()) / kTrials == doctest::Approx(125.0).epsilon(0.1));
    if (moments.contains(seed)) CHECK(moments[seed] == taken);
    moments[seed] = taken;
  }
  CHECK(moments[1] != moments[2]);
}

TEST_CASE("the attempt in a slot that goes is given notice, killed after it, and reported as interrupted") {
  const auto deaf = [](const LaunchSpec&) {
    SimulatedTrial trial;
    trial.stop_reaction = 24h;
    return trial;
  };
  Market one({.slots = 1, .every = 10s, .notice = 3s, .away = 1h, .seed = 1}, deaf);
  REQUIRE(one.market.launch(spec(1)).ok());
  const auto events = one.live(24h);
  CHECK(count<Started>(events) == 1);
  CHECK(count<Interrupted>(events) == 1);
  CHECK(count<Ended>(events) == 0);
}

TEST_CASE("what is launched while no slot is here waits for one, and can be stopped there") {
  Market one({.slots = 2, .every = 1s, .notice = 0ms, .away = 1h, .seed = 1});
  while (one.market.can_launch({})) (void)one.market.wait(one.clock.now() + 1min);
  REQUIRE(one.market.launch(spec(1)).ok());
  REQUIRE(one.market.launch(spec(2)).ok());
  one.market.stop({2, 1}, 1s);
  std::vector<ExecutorEvent> events = one.market.wait(one.clock.now());
  CHECK(count<Waiting>(events) == 2);
  REQUIRE(count<Ended>(events) == 1);
  CHECK(std::get<Ended>(events.back().body).exit.stop_requested);
  CHECK(events.back().id == AttemptId{2, 1});
  events = one.live(48h);
  CHECK(count<Started>(events) == 1);
  CHECK(events.front().id == AttemptId{1, 1});
}

TEST_CASE("an attempt that its user stops, and one that had ended, have ended") {
  const auto quick = [](const LaunchSpec& launch) {
    SimulatedTrial trial;
    if (launch.id.trial == 1) trial.exit(1s);
    return trial;
  };
  Market one({.slots = 2, .every = 24h, .notice = 1s, .away = 1h, .seed = 1}, quick);
  REQUIRE(one.market.launch(spec(1)).ok());
  REQUIRE(one.market.launch(spec(2)).ok());
  std::vector<ExecutorEvent> events = one.live(10s);
  one.market.stop({2, 1}, 1s);
  for (ExecutorEvent& event : one.live(10s)) events.push_back(std::move(event));
  CHECK(count<Ended>(events) == 2);
  CHECK(count<Interrupted>(events) == 0);
}

TEST_CASE("an adopted attempt is in the slot it had") {
  Market one({.slots = 3, .every = 24h, .notice = 1s, .away = 1h, .seed = 1});
  LaunchSpec adopted = spec(1);
  adopted.slot = 1;
  REQUIRE(one.market.adopt(std::vector<LaunchSpec>{adopted}).ok());
  REQUIRE(one.market.launch(spec(2)).ok());
  REQUIRE(one.market.launch(spec(3)).ok());
  CHECK(!one.market.can_launch({}));
  std::map<TrialId, int> slots;
  for (const ExecutorEvent& event : one.live(1s)) {
    if (const auto* started = std::get_if<Started>(&event.body)) slots[event.id.trial] = started->slot;
  }
  CHECK(slots == std::map<TrialId, int>{{1, 1}, {2, 0}, {3, 2}});
}

}  // namespace
}  // namespace tune::engine
