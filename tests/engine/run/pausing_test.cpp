#include <doctest/doctest.h>

#include <algorithm>
#include <map>

#include "engine/run/requests.hpp"
#include "tests/engine/run/cut_anywhere.hpp"
#include "tests/engine/run/simulated_study.hpp"
#include "tune/random.hpp"

/// Trials that pause: `asha` with mode promote over whole studies in virtual time. Without checkpoints: what goes on begins anew.
namespace {

using namespace tune;
using namespace tune::engine;
using namespace tune::test;
using std::chrono::milliseconds;
using std::chrono::seconds;

/// Rungs at 1 and 3 of 6 steps.
StudySpec promoting_spec(std::int64_t trials = 12) {
  StudySpec spec = small_spec();
  spec.limits.max_trials = trials;
  spec.stopping.emplace();
  spec.stopping->policy = {"asha",
                           {{"min_resource", std::int64_t{1}},
                            {"reduction_factor", 3.0},
                            {"brackets", std::int64_t{1}},
                            {"mode", std::string("promote")}}};
  return spec;
}

int count(const StudyRecord& record, TrialStatus status) {
  return static_cast<int>(std::ranges::count(record.trials, status, &TrialRecord::status));
}

std::int64_t last_step(const TrialRecord& trial) { return trial.find_series("score")->points.back().step; }

}  // namespace

TEST_CASE("trials pause at rungs, the best go on, and who is left waiting ends as stopped by the rule") {
  const TempDir dir;
  Recorder recorder;
  REQUIRE(run_simulated(dir / "study", promoting_spec(), curve_script(6), &recorder).ok());
  const StudyRecord record = load_record(dir / "study");
  CHECK(record.status == StudyStatus::kCompleted);
  CHECK(record.stop_reason == "max_trials");
  CHECK(record.running.empty());
  CHECK(count(record, TrialStatus::kCompleted) >= 1);
  CHECK(count(record, TrialStatus::kCompleted) <= 4);
  int promoted = 0;
  double best = 0.0;
  for (const TrialRecord& trial : record.trials) {
    best = std::max(best, as_number(*trial.configuration[0]));
    CHECK(trial.value);
    std::int64_t pauses = 0;
    for (const DecisionRecord& decision : trial.decisions) {
      pauses += decision.kind == "pause" ? 1 : 0;
      promoted += decision.kind == "continue" ? 1 : 0;
    }
    const auto attempts = static_cast<std::int64_t>(trial.attempts.size());
    if (trial.status == TrialStatus::kCompleted) {
      CHECK(pauses == attempts - 1);
      CHECK(trial.attempts.back().end_reason == "completed");
      continue;
    }
    CHECK(trial.stop_reason == "asha");
    CHECK(pauses == attempts);
    CHECK(last_step(trial) == (attempts == 1 ? 1 : 3));
    for (const AttemptRecord& attempt : trial.attempts) CHECK(attempt.end_reason == "paused");
  }
  CHECK(promoted >= 5);
  CHECK(summarize(record).best_value == curve(best, 6));
  int running = 0;
  for (const Happening& happening : recorder.happenings) {
    using Kind = Happening::Kind;
    const bool paused = happening.kind == Kind::kNote && happening.text.starts_with("paused: ");
    running += happening.kind == Kind::kLaunched ? 1 : paused ? -1 : 0;
    CHECK(running <= 3);
    if (happening.kind == Kind::kEnded && record.trial(happening.trial).status == TrialStatus::kCompleted) --running;
  }
}

TEST_CASE(
    "a deterministic study with pauses repeats whatever the timing, with and without looking ahead, and when it is cut "
    "anywhere") {
  for (const int lookahead : {0, 1}) {
    CAPTURE(lookahead);
    StudySpec spec = promoting_spec(10);
    spec.deterministic = true;
    spec.lookahead = lookahead;
    const TempDir dir;
    REQUIRE(run_simulated(dir / "whole", spec, curve_script(6)).ok());
    const std::string whole = essence(load_record(dir / "whole"));
    for (std::uint64_t seed = 1; seed < 9; ++seed) {
      const auto other_times = [seed](TrialId trial, std::int64_t step) -> Duration {
        return milliseconds(1 + RandomStream(seed, trial * 100 + step, "step time").below(seed % 2 == 0 ? 5000 : 3));
      };
      const std::string name = "other" + std::to_string(seed);
      REQUIRE(run_simulated(dir / name, spec, curve_script(6, other_times)).ok());
      CHECK(essence(load_record(dir / name)) == whole);
    }
    CHECK(check_cut_anywhere(dir, spec, after_crash(curve_script(6))) > 100);
  }
}

TEST_CASE(
    "an attempt that is lost while it was to pause, or ends with any code, has paused; one that ran to its end has completed") {
  StudySpec spec = promoting_spec(3);
  spec.limits.max_parallel = 1;
  const auto says = [](std::int64_t step) { return "@tune {\"step\": " + std::to_string(step) + ", \"score\": 1}\n"; };
  const auto script = [&](const LaunchSpec& launch) {
    SimulatedTrial trial;
    trial.stop_reaction = seconds(5);
    if (launch.id.attempt > 1) return trial.output(seconds(1), says(6)).exit(milliseconds(1));
    trial.output(seconds(1), says(1));
    if (launch.id.trial == 1) return trial.lost(seconds(1), "its supervisor is gone");
    if (launch.id.trial == 2) return trial.exit(seconds(1), 7);
    for (std::int64_t step = 2; step <= 6; ++step) trial.output(milliseconds(1), says(step));
    return trial.exit(milliseconds(1));
  };
  const TempDir dir;
  REQUIRE(run_simulated(dir / "study", spec, script).ok());
  const StudyRecord record = load_record(dir / "study");
  CHECK(record.trial(1).attempts[0].end_reason == "paused");
  CHECK(record.trial(2).attempts[0].end_reason == "paused");
  CHECK(record.trial(2).failure == std::nullopt);
  CHECK(record.trial(3).status == TrialStatus::kCompleted);
  CHECK(record.trial(3).attempts.size() == 1);
  // Of three equal values at the first rung one may go on: the lowest number.
  CHECK(record.trial(1).status == TrialStatus::kCompleted);
  CHECK(record.trial(2).stop_reason == "asha");
}

TEST_CASE("limits and requests reach paused trials: they end with the study, or alone") {
  StudySpec spec = promoting_spec(200);
  const TempDir dir;
  spec.limits.max_runtime = seconds(3);
  REQUIRE(run_simulated(dir / "time", spec, curve_script(6)).ok());
  const StudyRecord timed = load_record(dir / "time");
  CHECK(timed.stop_reason == "max_runtime");
  CHECK(timed.running.empty());
  int paused = 0;
  for (const TrialRecord& trial : timed.trials) {
    if (trial.status == TrialStatus::kCompleted) continue;
    CHECK(trial.stop_reason == "budget");
    paused += trial.attempts.back().end_reason == "paused" ? 1 : 0;
  }
  CHECK(paused > 3);

  struct Asking final : RunObserver {
    explicit Asking(std::string directory_of_study) : directory(std::move(directory_of_study)) {}
    void happened(const StudyRecord& study, const Happening& happening) override {
      const bool now_paused = happening.trial != 0 && study.trial(happening.trial).secondary == SecondaryStatus::kPaused;
      if (!now_paused || stopped != 0) return;
      stopped = happening.trial;
      REQUIRE(write_stop_request(directory, stopped).ok());
    }
    void tick(const StudyRecord&, TimePoint) override {}
    std::string directory;
    TrialId stopped = 0;
  } asking(dir / "asked");
  REQUIRE(run_simulated(dir / "asked", promoting_spec(30), curve_script(6), &asking).ok());
  const TrialRecord one = load_record(dir / "asked").trial(asking.stopped);
  CHECK(one.status == TrialStatus::kStopped);
  CHECK(one.stop_reason == "user");
  CHECK(one.value == curve(as_number(*one.configuration[0]), 1));
}

TEST_CASE("protect_best keeps trials from pausing, min_runtime puts it off") {
  StudySpec spec = promoting_spec();
  const TempDir dir;
  spec.stopping->protect_best = 12;
  REQUIRE(run_simulated(dir / "best", spec, curve_script(6)).ok());
  CHECK(count(load_record(dir / "best"), TrialStatus::kCompleted) == 12);
  spec.stopping->protect_best = 0;
  spec.stopping->min_runtime = milliseconds(500);
  const auto even = [](TrialId, std::int64_t) -> Duration { return milliseconds(200); };
  REQUIRE(run_simulated(dir / "young", spec, curve_script(6, even)).ok());
  for (const TrialRecord& trial : load_record(dir / "young").trials) {
    REQUIRE_FALSE(trial.decisions.empty());
    CHECK(trial.decisions.front().step == 3);  // 600 ms old: at the second rung already
  }
}

TEST_CASE("hyperband and asha with brackets promote in each bracket; the study comes to its end") {
  for (const char* rule : {"asha", "hyperband"}) {
    StudySpec spec = promoting_spec(40);
    spec.stopping->policy.name = rule;
    if (rule == std::string("hyperband"))
      spec.stopping->policy.options.erase("brackets");
    else
      spec.stopping->policy.options["brackets"] = std::int64_t{2};
    const TempDir dir;
    REQUIRE(run_simulated(dir / "study", spec, curve_script(6)).ok());
    const StudyRecord record = load_record(dir / "study");
    CHECK(record.stop_reason == "max_trials");
    std::map<double, int> first_pauses;
    for (const TrialRecord& trial : record.trials) {
      for (const DecisionRecord& decision : trial.decisions) {
        for (const auto& [name, number] : decision.numbers) first_pauses[number] += name == "bracket" ? 1 : 0;
      }
    }
    CHECK(first_pauses[0.0] > 0);
    CHECK(first_pauses[1.0] > 0);
    CHECK(count(record, TrialStatus::kCompleted) >= 2);
  }
}
