#include <doctest/doctest.h>

#include <algorithm>
#include <csignal>
#include <fstream>

#include "engine/core/waiting.hpp"
#include "tests/engine/run/cut_anywhere.hpp"
#include "tests/engine/run/simulated_study.hpp"

/// Trials that go on with another attempt: what infrastructure broke, what was ended from outside, slots that are taken away.
namespace {

using namespace tune;
using namespace tune::engine;
using namespace tune::test;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

StudySpec one_trial() {
  StudySpec spec = small_spec();
  spec.limits.max_trials = 1;
  spec.limits.max_parallel = 1;
  return spec;
}

StudyRecord run(const StudySpec& spec, const SimulatedExecutor::Script& script) {
  const TempDir dir;
  REQUIRE(run_simulated(dir / "study", spec, script).ok());
  return load_record(dir / "study");
}

/// Fails so for the first `times` attempts of every trial; then it runs.
SimulatedExecutor::Script failing(int times, std::string says, int code) {
  return [=, base = curve_script(6)](const LaunchSpec& launch) {
    if (launch.id.attempt > times) return base(launch);
    SimulatedTrial trial;
    return trial.output(milliseconds(10), says + "\n").exit(milliseconds(10), code);
  };
}

SimulatedExecutor::Script killed(int times, int number) {
  return [=, base = curve_script(6)](const LaunchSpec& launch) {
    if (launch.id.attempt > times) return base(launch);
    SimulatedTrial trial;
    return trial.signal(milliseconds(10), number);
  };
}

MarketSpec market(Duration every, Duration away) { return {.every = every, .notice = milliseconds(50), .away = away, .seed = 5}; }

}  // namespace

TEST_CASE("what infrastructure broke is tried again, after a time that doubles, and fails as lost in the end") {
  StudySpec spec = one_trial();
  spec.retry = {.max_attempts = 4, .backoff = seconds(10)};
  for (const char* says : {"RuntimeError: CUDA error: uncorrectable ECC error encountered", "ncclSystemError: System call failed",
                           "OSError: [Errno 28] No space left on device"}) {
    CAPTURE(says);
    const StudyRecord record = run(spec, failing(3, says, 1));
    const TrialRecord& trial = record.trial(1);
    CHECK(trial.status == TrialStatus::kCompleted);
    REQUIRE(trial.attempts.size() == 4);
    for (std::size_t i = 0; i < 3; ++i) {
      CHECK(trial.attempts[i].end_reason == "lost");
      const Duration waited = *trial.attempts[i + 1].launched - *trial.attempts[i].ended;
      CHECK(waited >= seconds(10 << i));
      CHECK(waited < seconds(10 << i) + 2 * kTickInterval);
    }
    const TrialRecord lost = run(spec, failing(9, says, 1)).trial(1);
    CHECK(lost.status == TrialStatus::kFailed);
    CHECK(lost.failure == FailureClass::kLost);
    CHECK(lost.attempts.size() == 4);
    CHECK(lost.failure_detail.starts_with("4 attempts were broken by the infrastructure; the last one: "));
    CHECK(lost.last_lines == std::vector<std::string>{says});
  }
}

TEST_CASE("a trial may be broken as often as it gets on in between; the wait is short again then") {
  StudySpec spec = one_trial();
  spec.retry = {.max_attempts = 3, .backoff = seconds(10)};
  // Two attempts of three do not get further than the one before, and all but the twelfth are broken.
  const auto script = [](const LaunchSpec& launch) {
    SimulatedTrial trial;
    const int furthest = (launch.id.attempt + 2) / 3;
    for (int step = 1; step <= furthest; ++step)
      trial.output(milliseconds(10), "@tune {\"step\": " + std::to_string(step) + ", \"score\": 1}\n");
    if (launch.id.attempt == 12) return trial.exit(milliseconds(10), 0);
    return trial.output(milliseconds(10), "ncclSystemError\n").exit(milliseconds(10), 1);
  };
  CHECK(run(spec, script).trial(1).attempts.size() == 3);
  spec.retry.max_attempts = 4;
  const TrialRecord trial = run(spec, script).trial(1);
  CHECK(trial.status == TrialStatus::kCompleted);
  REQUIRE(trial.attempts.size() == 12);
  for (std::size_t i = 0; i + 1 < trial.attempts.size(); ++i) {
    const Duration waited = *trial.attempts[i + 1].launched - *trial.attempts[i].ended;
    CHECK(waited >= seconds(10 << (i % 3)));
    CHECK(waited < seconds(10 << (i % 3)) + 2 * kTickInterval);
  }
}

TEST_CASE("the wait between attempts has a bound") {
  StudyRecord study;
  study.owned = {{TimePoint(seconds(0)), TimePoint(minutes(100)), 1, false}};
  TrialRecord trial;
  const RetrySpec retry{.max_attempts = 99, .backoff = seconds(1)};
  CHECK(!retry_at(study, trial, 0, retry));
  for (int number = 1; number <= 80; ++number) {
    AttemptRecord attempt;
    attempt.number = number;
    attempt.launched = attempt.started = attempt.ended = TimePoint(minutes(number));
    attempt.end_reason = "lost";
    trial.attempts.push_back(attempt);
    const Duration expected = number <= 9 ? Duration(seconds(1 << (number - 1))) : Duration(kMaxBackoff);
    CHECK(*retry_at(study, trial, 0, retry) - *trial.attempts.back().ended == expected);
  }
  trial.attempts.back().end_reason = "interrupted";
  CHECK(!retry_at(study, trial, 0, retry));
}

TEST_CASE("attempts that were lost before they began count while one process owns the study, and wait for the next one") {
  const auto at = [](int second) { return TimePoint(seconds(1000 + second)); };
  StudyRecord study;
  study.owned = {{at(0), at(10), 1, false}, {at(20), at(30), 1, false}};
  const RetrySpec retry{.max_attempts = 3, .backoff = seconds(1)};
  TrialRecord trial;
  const auto lost = [&](int launched, std::optional<int> ended) {
    AttemptRecord attempt;
    attempt.number = static_cast<int>(trial.attempts.size()) + 1;
    attempt.launched = at(launched);
    if (ended) attempt.ended = at(*ended);
    if (ended) attempt.end_reason = "lost";
    trial.attempts.push_back(attempt);
  };
  lost(9, 21);  // tune was killed meanwhile
  CHECK(fruitless_attempts(study, trial, 0) == 0);
  CHECK(!retry_at(study, trial, 0, retry));
  lost(5, 7);
  CHECK(fruitless_attempts(study, trial, 0) == 1);
  CHECK(retry_at(study, trial, 0, retry) == at(8));
  lost(22, 23);
  CHECK(fruitless_attempts(study, trial, 0) == 2);
  CHECK(retry_at(study, trial, 0, retry) == at(25));
  lost(8, std::nullopt);  // in flight, launched by an owner before
  CHECK(fruitless_attempts(study, trial, 0) == 2);
  trial.attempts.back().launched = at(24);
  CHECK(fruitless_attempts(study, trial, 0) == 3);
  CHECK(broken_attempts(trial, 0) == 0);
}

TEST_CASE("whoever is ended from outside again and again waits before the next attempt, but not after a resume") {
  const auto at = [](int second) { return TimePoint(seconds(1000 + second)); };
  StudyRecord study;
  study.owned = {{at(0), at(100), 1, false}};
  const RetrySpec retry{.max_attempts = 3, .backoff = seconds(1)};
  TrialRecord trial;
  for (int number = 1; number <= 8; ++number) {
    CAPTURE(number);
    AttemptRecord attempt;
    attempt.number = number;
    attempt.launched = attempt.started = attempt.ended = at(number);
    attempt.end_reason = "interrupted";
    trial.attempts.push_back(attempt);
    const auto due = retry_at(study, trial, 0, retry);
    if (number <= kFruitlessAtOnce)
      CHECK(!due);
    else
      CHECK(due == at(number) + seconds(1 << (number - kFruitlessAtOnce - 1)));
  }
  study.owned.push_back({at(200), at(200), 1, false});
  CHECK(!retry_at(study, trial, 0, retry));
}

TEST_CASE("what is the trial's own fault is not tried again") {
  StudySpec spec = one_trial();
  spec.spot.emplace();
  const TrialRecord oom = run(spec, failing(1, "torch.cuda.OutOfMemoryError: CUDA out of memory. ncclSystemError", 1)).trial(1);
  CHECK(oom.failure == FailureClass::kOom);
  CHECK(oom.attempts.size() == 1);
  const TrialRecord bug = run(spec, failing(1, "RuntimeError: CUDA error: device-side assert triggered", 1)).trial(1);
  CHECK(bug.failure == FailureClass::kUserError);
  CHECK(bug.attempts.size() == 1);
  const TrialRecord crash = run(spec, killed(1, SIGSEGV)).trial(1);
  CHECK(crash.failure == FailureClass::kSignal);
  CHECK(crash.attempts.size() == 1);
}

TEST_CASE("a trial that somebody else ends goes on where there is spot, and fails where there is not") {
  for (const int number : {SIGTERM, SIGKILL, SIGINT, SIGHUP}) {
    CAPTURE(number);
    StudySpec spec = one_trial();
    CHECK(run(spec, killed(1, number)).trial(1).failure == FailureClass::kSignal);
    spec.spot.emplace();
    const TrialRecord trial = run(spec, killed(2, number)).trial(1);
    CHECK(trial.status == TrialStatus::kCompleted);
    REQUIRE(trial.attempts.size() == 3);
    CHECK(trial.attempts[0].end_reason == "interrupted");
    CHECK(run(spec, failing(1, "a shell's word for it", 128 + number)).trial(1).attempts.size() == 2);
    const TrialRecord hopeless = run(spec, killed(1000, number)).trial(1);
    CHECK(hopeless.failure == FailureClass::kSignal);
    CHECK(static_cast<int>(hopeless.attempts.size()) == kMaxFruitlessAttempts);
  }
}

TEST_CASE("a trial that does the same step again in every attempt does not get on; one that gets a step further does") {
  StudySpec spec = one_trial();
  spec.spot.emplace();
  const auto ended_at = [](auto step_of) {
    return [step_of](const LaunchSpec& launch) {
      SimulatedTrial trial;
      for (std::int64_t step = 1; step <= step_of(launch.id.attempt); ++step)
        trial.output(milliseconds(10), "@tune {\"step\": " + std::to_string(step) + ", \"score\": 1}\n");
      return launch.id.attempt < 60 ? trial.signal(milliseconds(10), SIGTERM) : trial.exit(milliseconds(10), 0);
    };
  };
  const TrialRecord same = run(spec, ended_at([](int) { return 3; })).trial(1);
  CHECK(same.failure == FailureClass::kSignal);
  CHECK(static_cast<int>(same.attempts.size()) == 1 + kMaxFruitlessAttempts);
  CHECK(same.failure_detail.starts_with("20 attempts in a row were ended from outside without getting further; the last one: "));
  // Nineteen in vain, and then a step more, three times.
  const TrialRecord slow = run(spec, ended_at([](int attempt) { return attempt / kMaxFruitlessAttempts + 1; })).trial(1);
  CHECK(slow.status == TrialStatus::kCompleted);
  CHECK(slow.attempts.size() == 60);
}

TEST_CASE("a trial whose steps are counted does not get further by that") {
  StudySpec spec = one_trial();
  spec.retry = {.max_attempts = 3, .backoff = seconds(1)};
  const auto script = [](bool broken) {
    return [broken](const LaunchSpec& launch) {
      std::ofstream(launch.checkpoint_directory + "/state") << "1";
      SimulatedTrial trial;
      trial.output(milliseconds(10), "@tune {\"score\": 1}\n");
      if (launch.id.attempt == 60) return trial.exit(milliseconds(10), 0);  // so that it ends in any case
      if (!broken) return trial.signal(milliseconds(10), SIGTERM);
      return trial.output(milliseconds(10), "ncclSystemError\n").exit(milliseconds(10), 1);
    };
  };
  const TrialRecord broken = run(spec, script(true)).trial(1);
  CHECK(broken.failure == FailureClass::kLost);
  CHECK(broken.attempts.size() == 3);
  CHECK(broken.attempts.back().resumed_from_step == 2);
  CHECK(broken.series.front().points.size() == 3);
  spec.spot.emplace();
  const TrialRecord interrupted = run(spec, script(false)).trial(1);
  CHECK(interrupted.failure == FailureClass::kSignal);
  CHECK(interrupted.attempts.size() == kMaxFruitlessAttempts);
}

TEST_CASE("steps are counted on from a checkpoint, and anew without one, after a pause too") {
  TrialRecord trial;
  trial.attempts.resize(2);
  trial.attempts[0].number = 1;
  trial.attempts[0].end_reason = "paused";
  trial.attempts[1].number = 2;
  Series& series = trial.series.emplace_back(Series{"score", {}});
  for (const std::int64_t step : {1, 2, 3}) series.insert(Point{step, 0.5, {}, step, 1});
  CHECK(counted_step(trial, "score") == 1);
  series.insert(Point{1, 0.5, {}, 4, 2});
  CHECK(counted_step(trial, "score") == 2);
  trial.attempts[1].resumed_from_step = 3;
  CHECK(counted_step(trial, "score") == 4);
  CHECK(counted_step(trial, "loss") == 1);
}

TEST_CASE("slots come and go: every trial is carried out all the same") {
  StudySpec spec = small_spec();
  spec.market = market(seconds(2), milliseconds(700));
  const TempDir dir;
  Recorder recorder;
  REQUIRE(run_simulated(dir / "study", spec, curve_script(6), &recorder).ok());
  const StudyRecord record = load_record(dir / "study");
  CHECK(record.spot);
  int interrupted = 0;
  for (const TrialRecord& trial : record.trials) {
    CHECK(trial.status == TrialStatus::kCompleted);
    CHECK(trial.value == doctest::Approx(curve(as_number(*trial.configuration[0]), 6)));
    for (const AttemptRecord& attempt : trial.attempts) interrupted += attempt.end_reason == "interrupted" ? 1 : 0;
  }
  CHECK(interrupted > 3);
  // No two attempts were in one slot at a time.
  for (const TrialRecord& one : record.trials) {
    for (const TrialRecord& other : record.trials) {
      for (const AttemptRecord& a : one.attempts) {
        for (const AttemptRecord& b : other.attempts) {
          const bool same = one.id == other.id && a.number == b.number;
          if (!same && a.slot == b.slot) CHECK((*a.ended <= *b.started || *b.ended <= *a.started));
        }
      }
    }
  }
}

TEST_CASE("a deterministic study is the same whatever is broken or taken away") {
  StudySpec spec = median_spec();
  spec.deterministic = true;
  spec.limits.max_trials = 20;
  const std::string whole = essence(run(spec, curve_script(6)));
  const auto base = curve_script(6);
  const auto broken = [&](const LaunchSpec& launch) {
    if (launch.id.attempt > 1 || launch.id.trial % 3 != 1) return base(launch);
    SimulatedTrial trial;
    const double value = curve(as_number(*launch.configuration[0]), 1);
    trial.output(milliseconds(30), "@tune {\"step\": 1, \"score\": " + to_text(value) + "}\nInput/output error\n");
    return trial.exit(milliseconds(30), 1);
  };
  spec.retry.backoff = seconds(3);
  const StudyRecord record = run(spec, broken);
  CHECK(record.trial(4).attempts.size() > 1);
  CHECK(essence(record) == whole);
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    CAPTURE(seed);
    StudySpec rehearsal = spec;
    rehearsal.market = market(seconds(2), seconds(1));
    rehearsal.market->seed = seed;
    CHECK(essence(run(rehearsal, seed % 2 == 0 ? SimulatedExecutor::Script(broken) : base)) == whole);
  }
}

TEST_CASE("max_wait counts running and waiting, and ends a trial that waits or runs") {
  StudySpec spec = one_trial();
  spec.spot = SpotSpec{.max_wait = seconds(100), .price = {}};
  // The slot is taken away within the first step and does not come back for long.
  spec.market = market(milliseconds(1), std::chrono::hours(24));
  const StudyRecord waiting = run(spec, curve_script(6));
  const TrialRecord& waits = waiting.trial(1);
  CHECK(waits.status == TrialStatus::kStopped);
  CHECK(waits.stop_reason == "max_wait");
  CHECK(waits.secondary == SecondaryStatus::kMaxWaitTimeExceeded);
  const Duration taken = *waits.ended_time - *waits.attempts[0].launched;
  CHECK(taken >= seconds(100));
  CHECK(taken <= seconds(100) + 2 * kTickInterval);

  spec.market.reset();
  const auto endless = [](const LaunchSpec&) { return SimulatedTrial(); };
  const TrialRecord runs = run(spec, endless).trial(1);
  CHECK(runs.secondary == SecondaryStatus::kMaxWaitTimeExceeded);
  CHECK(*runs.attempts[0].ended - *runs.attempts[0].launched <= seconds(100) + 2 * kTickInterval);
  spec.limits.trial_runtime = seconds(60);
  const TrialRecord limited = run(spec, endless).trial(1);
  CHECK(limited.stop_reason == "time_limit");
  CHECK(limited.secondary == SecondaryStatus::kMaxRuntimeExceeded);
}

TEST_CASE("trial_runtime counts the running time of all attempts and no waiting") {
  StudySpec spec = one_trial();
  spec.limits.trial_runtime = seconds(50);
  spec.retry = {.max_attempts = 10, .backoff = seconds(40)};
  const auto broken = [](const LaunchSpec& launch) {
    SimulatedTrial trial;
    if (launch.id.attempt < 3) trial.output(milliseconds(0), "Stale file handle\n").exit(seconds(20), 1);
    return trial;
  };
  const TrialRecord trial = run(spec, broken).trial(1);
  CHECK(trial.stop_reason == "time_limit");
  REQUIRE(trial.attempts.size() == 3);
  const Duration last = *trial.attempts[2].ended - *trial.attempts[2].started;
  CHECK(last >= seconds(10));
  CHECK(last < seconds(11));
}

TEST_CASE("time_taken leaves out pauses and the times when nobody owned the study") {
  StudyRecord study;
  const auto at = [](int second) { return TimePoint(seconds(1000 + second)); };
  study.owned = {{at(0), at(30), 1, false}, {at(50), at(60), 1, false}};
  TrialRecord trial;
  CHECK(time_taken(study, trial, at(70)) == Duration(0));
  const auto attempt = [&](int launched, std::optional<int> ended, const char* why) {
    AttemptRecord record;
    record.number = static_cast<int>(trial.attempts.size()) + 1;
    record.launched = at(launched);
    if (ended) record.ended = at(*ended);
    record.end_reason = why;
    trial.attempts.push_back(record);
  };
  attempt(10, 15, "interrupted");
  CHECK(time_taken(study, trial, at(55)) == seconds(20 + 5));
  attempt(20, 25, "paused");
  CHECK(time_taken(study, trial, at(55)) == seconds(15));
  attempt(52, std::nullopt, "");
  CHECK(time_taken(study, trial, at(70)) == seconds(15 + 18));
}

TEST_CASE("a study with retries and slots that come and go is resumed from anywhere") {
  StudySpec spec = median_spec();
  spec.deterministic = true;
  spec.limits.max_trials = 8;
  spec.retry.backoff = seconds(2);
  spec.market = market(seconds(2), seconds(1));
  const auto base = curve_script(6);
  const auto script = [&](const LaunchSpec& launch) {
    if (launch.id.attempt > 1 || launch.id.trial % 3 != 1) return base(launch);
    SimulatedTrial trial;
    return trial.output(milliseconds(30), "Input/output error\n").exit(milliseconds(30), 1);
  };
  spec.retry.max_attempts = 20;
  const TempDir dir;
  REQUIRE(run_simulated(dir / "whole", spec, script).ok());
  CHECK(check_cut_anywhere(dir, spec, after_crash(script)) > 50);
}
