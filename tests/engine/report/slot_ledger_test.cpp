#include "engine/report/slot_ledger.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>

#include "engine/config/spec_json.hpp"
#include "engine/report/report_text.hpp"
#include "engine/state/study_state.hpp"
#include "tests/engine/report/json_report.hpp"
#include "tests/engine/report/sample_study.hpp"
#include "tune/random.hpp"

namespace tune::engine {
namespace {

using std::chrono::microseconds;
using test::moment;

StudySpec spec_of(int slots) {
  StudySpec spec;
  spec.name = "job";
  spec.objective = maximize("acc");
  spec.space.uniform("x", 0.0, 1.0);
  spec.strategy = {"random", {}};
  spec.limits.max_parallel = slots;
  spec.max_step = 10;
  spec.working_directory = "/";
  return spec;
}

/// A journal by hand: seconds, and what happened.
class Story {
 public:
  explicit Story(int slots) { happens(0, event::StudyCreated{spec_to_json(spec_of(slots))}); }

  bool happens(double second, event::Body body) { return at(moment(second), std::move(body)); }
  bool at(TimePoint time, event::Body body) {
    const bool ok = state_.apply({state_.record().seq + 1, owner_, time, std::move(body)}).ok();
    return ok;
  }
  bool taken_over(TimePoint time, std::optional<int> slots = std::nullopt) {
    event::OwnerChanged changed{"host", 1, {}};
    changed.changes.max_parallel = slots;
    ++owner_;
    return at(time, std::move(changed));
  }
  void propose(double second) { happens(second, proposal()); }
  [[nodiscard]] event::Proposed proposal() const {
    const auto next = static_cast<TrialId>(state_.record().trials.size()) + 1;
    return {next, "t", {{"x", 0.5}}, state_.record().seq, "random", 0, std::nullopt};
  }
  void launch(double second, AttemptId id, int gpus = 0, std::optional<std::int64_t> from = std::nullopt) {
    happens(second, event::Launched{id, from, 0});
    happens(second, event::Started{id, "host", std::vector<std::string>(static_cast<std::size_t>(gpus), "0"), 0});
  }
  void observe(double second, AttemptId id, std::int64_t step) {
    happens(second, event::Observed{id, "acc", step, 0.5, std::nullopt});
  }
  void end(double second, AttemptId id, TrialStatus status) {
    event::Ended ended;
    ended.id = id;
    ended.status = status;
    if (status == TrialStatus::kStopped) ended.stop_reason = "median";
    happens(second, std::move(ended));
  }
  [[nodiscard]] const StudyRecord& record() const { return state_.record(); }

 private:
  StudyState state_;
  std::int64_t owner_ = 1;
};

double seconds(const Spent& spent) { return to_seconds(spent.time); }

Spent sum(const SlotLedger& l) {
  Spent all;
  for (const Spent& one : {l.completed, l.stopped, l.failed, l.in_progress, l.audit, l.redone, l.idle}) all += one;
  return all;
}

TEST_CASE("two slots: what ran, what was idle, and their sum") {
  Story story(2);
  story.propose(0);
  story.launch(1, {1, 1}, 1);
  story.propose(2);
  story.launch(2, {2, 1}, 1);
  story.end(6, {2, 1}, TrialStatus::kStopped);
  story.end(9, {1, 1}, TrialStatus::kCompleted);
  story.happens(10, event::StudyEnded{});
  const SlotLedger ledger = make_slot_ledger(story.record());
  CHECK(seconds(ledger.completed) == 8);
  CHECK(seconds(ledger.stopped) == 4);
  CHECK(seconds(ledger.failed) == 0);
  CHECK(seconds(ledger.open) == 20);
  CHECK(seconds(ledger.idle) == 8);
  CHECK(ledger.open.gpu == ledger.open.time);
  CHECK(ledger.away.count() == 0);
  CHECK(sum(ledger) == ledger.open);
}

TEST_CASE("tune is killed, a trial goes on, and another owner comes with fewer slots") {
  Story story(2);
  story.propose(0);
  story.propose(0);
  story.launch(0, {1, 1});
  story.launch(0, {2, 1});
  story.observe(4, {1, 1}, 1);      // the first owner's last record
  story.taken_over(moment(10), 1);  // both still run, in one slot
  story.end(12, {1, 1}, TrialStatus::kCompleted);
  story.end(13, {2, 1}, TrialStatus::kFailed);
  story.happens(15, event::StudyEnded{});
  const SlotLedger ledger = make_slot_ledger(story.record());
  CHECK(to_seconds(ledger.away) == 6);
  CHECK(seconds(ledger.completed) == 12);
  CHECK(seconds(ledger.failed) == 13);
  CHECK(seconds(ledger.idle) == 2);  // the one slot, after second 13
  CHECK(seconds(ledger.open) == 27);
  CHECK(sum(ledger) == ledger.open);
  CHECK(slot_ledger_text(ledger).find("tune was away for 6.0 s") != std::string::npos);
}

TEST_CASE("a study that had ended and is gone on with had no downtime") {
  Story story(1);
  story.happens(5, event::StudyEnded{});
  story.taken_over(moment(100));
  story.happens(101, event::StudyEnded{});
  const SlotLedger ledger = make_slot_ledger(story.record());
  CHECK(ledger.away.count() == 0);
  CHECK(seconds(ledger.open) == 6);
  CHECK(seconds(ledger.idle) == 6);
}

TEST_CASE("what a running study's slots do now counts") {
  Story story(2);
  story.propose(0);
  story.launch(0, {1, 1});
  story.observe(3, {1, 1}, 1);
  CHECK(seconds(make_slot_ledger(story.record()).open) == 6);
  const SlotLedger now = make_slot_ledger(story.record(), moment(10));
  CHECK(seconds(now.in_progress) == 10);
  CHECK(seconds(now.idle) == 10);
  CHECK(sum(now) == now.open);
}

TEST_CASE("redone: after the step from which the later attempt went on; everything without a checkpoint") {
  Story story(1);
  story.propose(0);
  story.launch(0, {1, 1});
  for (int step = 1; step <= 5; ++step) story.observe(step, {1, 1}, step);
  story.happens(5.5, event::Interrupted{{1, 1}, "killed", true});
  story.launch(6, {1, 2}, 0, 5);
  CHECK(seconds(make_slot_ledger(story.record()).redone) == 0.5);  // what came after step 5
  story.observe(7, {1, 2}, 4);                                     // its checkpoint was older
  CHECK(seconds(make_slot_ledger(story.record()).redone) == 2.5);
  story.happens(7.25, event::Interrupted{{1, 2}, "killed", true});
  CHECK(seconds(make_slot_ledger(story.record()).redone) == 2.5);  // nobody has done the second one's work again so far
  story.launch(8, {1, 3});
  story.observe(9, {1, 3}, 1);
  story.end(10, {1, 3}, TrialStatus::kCompleted);
  const SlotLedger ledger = make_slot_ledger(story.record());
  CHECK(seconds(ledger.redone) == 5.5 + 1.25);
  CHECK(seconds(ledger.completed) == 2);
  CHECK(sum(ledger) == ledger.open);
}

TEST_CASE("audit: what a spared trial ran after the stop it was spared") {
  Story story(1);
  story.propose(0);
  story.launch(0, {1, 1}, 2);
  story.observe(3, {1, 1}, 1);
  Decision stop;
  stop.kind = Decision::Kind::kStop;
  stop.rule = "median";
  story.happens(3, event::Decided{{1, 1}, 1, stop});
  story.happens(3, event::Spared{1, 0.01, 0.05});
  story.end(10, {1, 1}, TrialStatus::kCompleted);
  const SlotLedger ledger = make_slot_ledger(story.record());
  CHECK(seconds(ledger.completed) == 3);
  CHECK(seconds(ledger.audit) == 7);
  CHECK(to_seconds(ledger.audit.gpu) == 14);
  CHECK(sum(ledger) == ledger.open);
}

/// The same sums, microsecond by microsecond.
struct Ticks {
  std::int64_t open = 0;
  std::int64_t idle = 0;
  std::int64_t used = 0;
  std::int64_t away = 0;
};
Ticks count_ticks(const StudyRecord& study, std::int64_t end, Until until) {
  Ticks ticks;
  for (std::int64_t t = -20; t < end; ++t) {
    const TimePoint now = moment(0) + microseconds(t);
    std::int64_t slots = 0;
    bool away = !study.owned.empty() && now >= study.owned.front().from;
    for (std::size_t i = 0; i < study.owned.size(); ++i) {
      const OwnedTime& one = study.owned[i];
      const bool last = i + 1 == study.owned.size();
      const TimePoint over = last && until && !one.ended_it ? std::max(*until, one.until) : one.until;
      if (one.from <= now && now < over) slots += one.slots;
      if (one.from <= now && (now < over || one.ended_it) && (last || now < study.owned[i + 1].from)) away = false;
      if (last && now >= over) away = false;
    }
    std::int64_t running = 0;
    for (const TrialRecord& trial : study.trials) {
      for (const AttemptRecord& attempt : trial.attempts) {
        const auto ran = running_time(trial, attempt, until);
        running += ran && ran->start <= now && now < ran->end;
      }
    }
    ticks.open += std::max(slots, running);
    ticks.idle += std::max<std::int64_t>(0, slots - running);
    ticks.used += running;
    ticks.away += away;
  }
  return ticks;
}

/// Whatever can happen to a study, in any order that its state accepts, some of it at the same moment.
Story random_story(std::uint64_t seed, std::int64_t& clock) {
  RandomStream stream(seed, 1, "story");
  Story story(1 + static_cast<int>(stream.below(3)));
  clock = 0;
  const auto when = [&](std::int64_t microsecond) { return moment(0) + microseconds(microsecond); };
  for (int i = 0; i < 120; ++i) {
    clock += static_cast<std::int64_t>(stream.below(6));
    const TimePoint now = when(clock);
    const auto trials = story.record().trials.size();
    const auto trial = static_cast<TrialId>(1 + stream.below(trials + 1));
    const bool known = story.record().has_trial(trial);
    const int newest = known ? static_cast<int>(story.record().trial(trial).attempts.size()) : 0;
    const AttemptId id{trial, newest};
    switch (stream.below(11)) {
      case 0:
        story.at(now, story.proposal());
        break;
      case 1:
      case 2:
        story.at(now,
                 event::Launched{
                     {trial, newest + 1}, stream.below(2) == 0 ? std::optional<std::int64_t>(stream.below(6)) : std::nullopt, 0});
        break;
      case 3:
      case 4:
        story.at(now, event::Started{id, "h", std::vector<std::string>(stream.below(3), "0"), 0});
        break;
      case 5:
      case 6:
        story.at(now, event::Observed{id, "acc", static_cast<std::int64_t>(1 + stream.below(6)), 0.5, std::nullopt});
        break;
      case 7: {
        event::Ended ended;
        ended.id = id;
        ended.status = std::array{TrialStatus::kCompleted, TrialStatus::kStopped, TrialStatus::kFailed}[stream.below(3)];
        // The supervisor's clock may say anything.
        if (stream.below(2) == 0) ended.attempt_started = now - microseconds(stream.below(20));
        if (stream.below(2) == 0) ended.attempt_ended = now - microseconds(stream.below(20));
        story.at(now, std::move(ended));
        break;
      }
      case 8:
        story.at(now, event::Interrupted{id, "gone", stream.below(2) == 0});
        break;
      case 9: {
        Decision stop;
        stop.kind = Decision::Kind::kStop;
        stop.rule = "median";
        if (known && !story.record().trial(trial).spared && story.at(now, event::Decided{id, 1, stop}))
          story.at(now, event::Spared{trial, 0.0, 0.5});
        break;
      }
      default:
        if (stream.below(3) == 0) story.at(now, event::StudyEnded{});
        clock += static_cast<std::int64_t>(stream.below(30));
        story.taken_over(when(clock), 1 + static_cast<int>(stream.below(3)));
    }
  }
  return story;
}

TEST_CASE("on random journals the ledger adds up exactly, and to what a count of every microsecond says") {
  SlotLedger all;
  for (std::uint64_t seed = 1; seed <= 400; ++seed) {
    CAPTURE(seed);
    std::int64_t clock = 0;
    const Story story = random_story(seed, clock);
    const Until until = seed % 2 == 0 ? Until(moment(0) + microseconds(clock + 7)) : std::nullopt;
    const SlotLedger ledger = make_slot_ledger(story.record(), until);
    REQUIRE(sum(ledger) == ledger.open);
    const Ticks ticks = count_ticks(story.record(), clock + 10, until);
    REQUIRE(ledger.open.time.count() == ticks.open);
    REQUIRE(ledger.idle.time.count() == ticks.idle);
    REQUIRE((ledger.open.time - ledger.idle.time).count() == ticks.used);
    REQUIRE(ledger.away.count() == ticks.away);
    Duration owned{0};
    for (const OwnedTime& one : story.record().owned) owned += one.until - one.from;
    REQUIRE(owned == story.record().active);
    const auto add = [](Spent& to, const Spent& from) { to += from; };
    add(all.completed, ledger.completed);
    add(all.stopped, ledger.stopped);
    add(all.failed, ledger.failed);
    add(all.in_progress, ledger.in_progress);
    add(all.audit, ledger.audit);
    add(all.redone, ledger.redone);
    add(all.idle, ledger.idle);
    all.away += ledger.away;
  }
  // The stories tell of everything.
  for (const Spent& one : {all.completed, all.stopped, all.failed, all.in_progress, all.audit, all.redone, all.idle})
    CHECK(one.time.count() > 0);
  CHECK(all.away.count() > 0);
}

TEST_CASE("the time saved has an interval from the trials' own steps") {
  StudyRecord study;
  study.space.uniform("x", 0, 1);
  study.objective = maximize("acc");
  study.stopping = "median";
  study.declared_max_step = 10;
  const auto stopped = [&](const std::vector<double>& times) {
    TrialRecord& trial = test::add_trial(study, test::configuration_of(study.space, {{"x", 0.5}}), 0, times.back(),
                                         std::vector<double>(times.size(), 0.1));
    for (std::size_t i = 0; i < times.size(); ++i) trial.series[0].points[i].time = moment(times[i]);
    trial.status = TrialStatus::kStopped;
    trial.stop_reason = "median";
  };
  stopped({1, 2, 3, 4});  // steady: no spread at all
  Ledger ledger = make_ledger(study);
  CHECK(*ledger.saved == doctest::Approx(6));
  REQUIRE(ledger.saved_interval);
  CHECK(ledger.saved_interval->low == doctest::Approx(6));
  CHECK(ledger.saved_interval->high == doctest::Approx(6));

  study.trials.clear();
  stopped({1, 1.5, 3, 4});  // steps of 0.5, 1.5 and 1 s: variance 0.25, 6 steps to go
  ledger = make_ledger(study);
  CHECK(*ledger.saved == doctest::Approx(6));
  const double half = 1.959964 * std::sqrt(0.25 * (6.0 + 36.0 / 3.0));
  CHECK(ledger.saved_interval->low == doctest::Approx(6 - half));
  CHECK(ledger.saved_interval->high == doctest::Approx(6 + half));

  // One step of 2 s, start-up included; the other's steps after the first take as long as the first: nothing to take out.
  stopped({2});  // nothing of its own, so the other's share of spread, 9 steps to go
  ledger = make_ledger(study);
  CHECK(*ledger.saved == doctest::Approx(6 + 18));
  const double both = 1.959964 * std::sqrt(0.25 * 18.0 + 0.25 * 4.0 * (9.0 + 81.0));
  CHECK(ledger.saved_interval->low == doctest::Approx(std::max(0.0, 24 - both)));
  CHECK(ledger.saved_interval->high == doctest::Approx(24 + both));

  study.trials.clear();
  stopped({2});
  CHECK_FALSE(make_ledger(study).saved_interval.has_value());
}

TEST_CASE("a stopped trial with a single value takes its start-up out by the other trials") {
  StudyRecord study;
  study.space.uniform("x", 0, 1);
  study.objective = maximize("acc");
  study.stopping = "median";
  study.declared_max_step = 10;
  const auto configuration = test::configuration_of(study.space, {{"x", 0.5}});
  const auto stopped = [&](double lead) {
    TrialRecord& trial = test::add_trial(study, configuration, 0, 5, {0.1}, lead);
    trial.status = TrialStatus::kStopped;
    trial.stop_reason = "median";
  };
  stopped(3);                                                  // 4 s to its first value
  CHECK(*make_ledger(study).saved == doctest::Approx(9 * 4));  // nobody knows better
  test::add_trial(study, configuration, 0, 20, std::vector<double>(10, 0.5), 3);
  CHECK(*make_ledger(study).saved == doctest::Approx(9 * 1));
  test::add_trial(study, configuration, 0, 20, std::vector<double>(10, 0.5), 0);  // no start-up at all
  CHECK(*make_ledger(study).saved == doctest::Approx(9 * 4 * (0.25 + 1.0) / 2));
}

TEST_CASE("the ledger in the report") {
  Story story(2);
  story.propose(0);
  story.launch(0, {1, 1}, 1);
  story.observe(1, {1, 1}, 1);
  story.end(4.5, {1, 1}, TrialStatus::kCompleted);
  story.happens(5, event::StudyEnded{});
  const auto json = nlohmann::json::parse(test::json_report(story.record())).at("ledger");
  CHECK(json.at("completed").at("seconds") == 4.5);
  CHECK(json.at("completed").at("gpu_seconds") == 4.5);
  CHECK(json.at("idle").at("seconds") == 5.5);
  CHECK(json.at("open").at("seconds") == 10.0);
  CHECK(json.at("away_seconds") == 0.0);
  CHECK(json.at("saved").at("seconds") == 0.0);
  const std::string text = report_text(story.record());
  CHECK(text.find("Where the slots' time went\n") != std::string::npos);
  CHECK(text.find("all slots while open") != std::string::npos);
}

}  // namespace
}  // namespace tune::engine
