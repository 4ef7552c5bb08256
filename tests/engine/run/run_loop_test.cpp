#include <doctest/doctest.h>

#include <algorithm>

#include "engine/run/requests.hpp"
#include "tests/engine/run/cut_anywhere.hpp"
#include "tests/engine/run/simulated_study.hpp"
#include "tune/random.hpp"

namespace {

using namespace tune;
using namespace tune::engine;
using namespace tune::test;
using std::chrono::milliseconds;
using std::chrono::seconds;

int count(const StudyRecord& record, TrialStatus status) {
  return static_cast<int>(std::ranges::count(record.trials, status, &TrialRecord::status));
}

}  // namespace

TEST_CASE("a study runs to its last trial and knows its best") {
  const TempDir dir;
  REQUIRE(run_simulated(dir / "study", small_spec(), curve_script(6)).ok());
  const StudyRecord record = load_record(dir / "study");
  CHECK(record.status == StudyStatus::kCompleted);
  CHECK(record.stop_reason == "max_trials");
  CHECK(count(record, TrialStatus::kCompleted) == 12);
  CHECK(record.running.empty());
  double best = 0.0;
  for (const TrialRecord& trial : record.trials) {
    const double x = as_number(*trial.configuration[0]);
    best = std::max(best, curve(x, 6));
    REQUIRE(trial.value);
    CHECK(*trial.value == curve(x, 6));
    CHECK(trial.find_series("score")->points.size() == 6);
    CHECK(trial.attempts.size() == 1);
  }
  CHECK(summarize(record).best_value == best);
}

TEST_CASE("never more than max_parallel trials run at once") {
  const TempDir dir;
  Recorder recorder;
  REQUIRE(run_simulated(dir / "study", small_spec(), curve_script(6), &recorder).ok());
  int running = 0;
  int most = 0;
  for (const Happening& happening : recorder.happenings) {
    running += happening.kind == Happening::Kind::kLaunched;
    running -= happening.kind == Happening::Kind::kEnded;
    most = std::max(most, running);
  }
  CHECK(most == 3);
  CHECK(running == 0);
}

TEST_CASE("the median rule stops weak trials, each with its numbers in the journal before the stop") {
  const TempDir dir;
  REQUIRE(run_simulated(dir / "study", median_spec(), curve_script(6)).ok());
  const StudyRecord record = load_record(dir / "study");
  CHECK(count(record, TrialStatus::kStopped) >= 2);
  for (const TrialRecord& trial : record.trials) {
    if (trial.status != TrialStatus::kStopped) continue;
    CHECK(trial.stop_reason == "median");
    REQUIRE(trial.decisions.size() == 1);
    const DecisionRecord& decision = trial.decisions.front();
    CHECK(decision.kind == "stop");
    CHECK_FALSE(decision.reason.empty());
    CHECK(decision.references.size() >= 3);
    CHECK(decision.order < trial.ended_order);
    CHECK(trial.value);  // a stopped trial keeps its last value
  }
}

TEST_CASE("a deterministic study repeats whatever the timing") {
  StudySpec spec = median_spec();
  spec.deterministic = true;
  const TempDir dir;
  REQUIRE(run_simulated(dir / "first", spec, curve_script(6)).ok());
  const std::string first = essence(load_record(dir / "first"));
  for (std::uint64_t seed = 2; seed < 12; ++seed) {
    const auto other_times = [seed](TrialId trial, std::int64_t step) -> Duration {
      return milliseconds(1 + RandomStream(seed, trial * 100 + step, "step time").below(5000));
    };
    const std::string name = "other" + std::to_string(seed);
    REQUIRE(run_simulated(dir / name, spec, curve_script(6, other_times)).ok());
    CHECK(essence(load_record(dir / name)) == first);
  }
}

TEST_CASE("what a trial still prints after its stop was decided changes nothing of a deterministic study") {
  StudySpec spec = median_spec();
  spec.deterministic = true;
  spec.limits.max_trials = 60;
  spec.limits.max_parallel = 4;
  const TempDir dir;
  const auto run = [&](std::uint64_t seed) {
    const auto step_time = [](TrialId, std::int64_t) -> Duration { return milliseconds(10); };
    const auto script = [=, base = curve_script(6, step_time)](const LaunchSpec& launch) {
      SimulatedTrial trial = base(launch);
      if (seed > 0) trial.stop_reaction = milliseconds(RandomStream(seed, launch.id.trial, "reaction").below(40));
      return trial;
    };
    const std::string name = "study" + std::to_string(seed);
    REQUIRE(run_simulated(dir / name, spec, script).ok());
    return load_record(dir / name);
  };
  const StudyRecord at_once = run(0);
  CHECK(count(at_once, TrialStatus::kStopped) >= 20);
  for (std::uint64_t seed = 1; seed < 4; ++seed) {
    const StudyRecord slowly = run(seed);
    CHECK(essence(slowly) == essence(at_once));
    CHECK(slowly.finished_order == at_once.finished_order);  // what a strategy is shown, and when
  }
}

TEST_CASE("a study cut anywhere in its journal and resumed ends as the undisturbed one, when it is deterministic") {
  StudySpec spec = median_spec();
  spec.deterministic = true;
  spec.limits.max_trials = 8;
  const TempDir dir;
  REQUIRE(run_simulated(dir / "whole", spec, curve_script(5)).ok());
  CHECK(check_cut_anywhere(dir, spec, after_crash(curve_script(5))) > 50);
}

TEST_CASE("crash, bad code, signal, nothing printed: each is an outcome with its class and last lines") {
  StudySpec spec = small_spec();
  spec.limits.max_trials = 6;
  spec.limits.max_failures = 100;
  const TempDir dir;
  const auto script = [](const LaunchSpec& launch) {
    SimulatedTrial trial;
    trial.output(milliseconds(1), "working\n");
    switch (launch.id.trial) {
      case 1:
        trial.output(milliseconds(1), "Traceback: boom\n").exit(milliseconds(1), 3);
        break;
      case 2:
        trial.signal(milliseconds(1), 11);
        break;
      case 3:
        trial.exit(milliseconds(1), 0);
        break;
      case 4:
        trial.output(milliseconds(1), "torch.cuda.OutOfMemoryError: CUDA out of memory.\n").exit(milliseconds(1), 1);
        break;
      case 5:
        trial.launch_error("no such file: trainx");
        break;
      default:
        trial.output(milliseconds(1), "@tune {\"step\": 1, \"score\": 0.5}\n").exit(milliseconds(1), 0);
    }
    return trial;
  };
  REQUIRE(run_simulated(dir / "study", spec, script).ok());
  const StudyRecord record = load_record(dir / "study");
  const std::vector<FailureClass> expected{FailureClass::kUserError, FailureClass::kSignal, FailureClass::kNoObjective,
                                           FailureClass::kOom, FailureClass::kLaunchError};
  for (std::size_t i = 0; i < expected.size(); ++i) {
    CHECK(record.trials[i].status == TrialStatus::kFailed);
    CHECK(record.trials[i].failure == expected[i]);
    CHECK_FALSE(record.trials[i].failure_detail.empty());
  }
  CHECK(record.trials[0].last_lines == std::vector<std::string>{"working", "Traceback: boom"});
  CHECK(record.trials[3].infeasible());
  CHECK(record.trials[5].status == TrialStatus::kCompleted);
}

TEST_CASE("max_failures in a row end the study as failed; a success in between starts the count anew") {
  StudySpec spec = small_spec();
  spec.limits.max_parallel = 1;
  spec.limits.max_failures = 3;
  const TempDir dir;
  const auto script = [](const LaunchSpec& launch) {
    SimulatedTrial trial;
    if (launch.id.trial == 3) return trial.output(milliseconds(1), "@tune {\"score\": 1}\n").exit(milliseconds(1), 0);
    return trial.exit(milliseconds(1), 1);
  };
  REQUIRE(run_simulated(dir / "study", spec, script).ok());
  const StudyRecord record = load_record(dir / "study");
  CHECK(record.trials.size() == 6);
  CHECK(record.status == StudyStatus::kFailed);
  CHECK(record.stop_reason == "max_failures");
}

TEST_CASE("NaN diverges: Stopped, no value, never best; on_nan: ignore leaves it to the rules") {
  StudySpec spec = small_spec();
  spec.limits.max_trials = 2;
  const auto script = [](const LaunchSpec& launch) {
    SimulatedTrial trial;
    trial.output(milliseconds(1), "@tune {\"step\": 1, \"score\": 0.9, \"other\": \"NaN\"}\n");
    trial.output(milliseconds(1),
                 launch.id.trial == 1 ? "@tune {\"step\": 2, \"score\": \"NaN\"}\n" : "@tune {\"step\": 2, \"score\": 0.1}\n");
    trial.output(milliseconds(9), "@tune {\"step\": 3, \"score\": 0.2}\n");
    return trial.exit(milliseconds(1), 0);
  };
  const TempDir dir;
  REQUIRE(run_simulated(dir / "stop", spec, script).ok());
  const StudyRecord record = load_record(dir / "stop");
  CHECK(record.trials[0].status == TrialStatus::kStopped);
  CHECK(record.trials[0].stop_reason == "diverged");
  CHECK_FALSE(record.trials[0].value);
  CHECK(record.trials[0].infeasible());
  CHECK(summarize(record).best_trial == 2);

  spec.objective.on_nan = OnNan::kIgnore;
  REQUIRE(run_simulated(dir / "ignore", spec, script).ok());
  CHECK(load_record(dir / "ignore").trials[0].status == TrialStatus::kCompleted);
  CHECK(load_record(dir / "ignore").trials[0].value == 0.2);
}

TEST_CASE("a trial over its time limit is stopped as such and keeps its value") {
  StudySpec spec = small_spec();
  spec.limits.max_trials = 1;
  spec.limits.trial_runtime = seconds(10);
  const TempDir dir;
  const auto script = [](const LaunchSpec&) {
    SimulatedTrial trial;  // hangs after one value
    return trial.output(seconds(1), "@tune {\"step\": 1, \"score\": 0.5}\n");
  };
  REQUIRE(run_simulated(dir / "study", spec, script).ok());
  const TrialRecord trial = load_record(dir / "study").trials[0];
  CHECK(trial.status == TrialStatus::kStopped);
  CHECK(trial.secondary == SecondaryStatus::kMaxRuntimeExceeded);
  CHECK(trial.stop_reason == "time_limit");
  CHECK(trial.value == 0.5);
}

TEST_CASE("max_runtime ends the study and what runs") {
  StudySpec spec = small_spec();
  spec.limits.max_runtime = seconds(5);
  const TempDir dir;
  REQUIRE(run_simulated(dir / "study", spec, curve_script(6, [](TrialId, std::int64_t) { return Duration(seconds(2)); })).ok());
  const StudyRecord record = load_record(dir / "study");
  CHECK(record.stop_reason == "max_runtime");
  CHECK(record.status == StudyStatus::kCompleted);
  CHECK(record.running.empty());
  for (const TrialRecord& trial : record.trials) CHECK(trial.stop_reason == "budget");
}

TEST_CASE("a target reached ends the study") {
  StudySpec spec = small_spec();
  spec.limits.max_trials = 1000;
  spec.completion.target = 0.9;
  const TempDir dir;
  REQUIRE(run_simulated(dir / "study", spec, curve_script(6)).ok());
  const StudyRecord record = load_record(dir / "study");
  CHECK(record.stop_reason == "target");
  CHECK(*summarize(record).best_value >= 0.9);
  CHECK(record.trials.size() < 200);
}

TEST_CASE("not_improving ends the study after that many trials without a new best") {
  StudySpec spec = small_spec();
  spec.limits.max_trials = 1000;
  spec.limits.max_parallel = 1;
  spec.completion.not_improving = 9;
  const TempDir dir;
  REQUIRE(run_simulated(dir / "study", spec, curve_script(3)).ok());
  const StudyRecord record = load_record(dir / "study");
  CHECK(record.stop_reason == "not_improving");
  const TrialId best = *summarize(record).best_trial;
  CHECK(static_cast<TrialId>(record.trials.size()) == best + 9);
}

TEST_CASE("a trial does not fail because tune is killed again and again before the trial has started") {
  StudySpec spec = median_spec();
  spec.deterministic = true;
  spec.limits.max_trials = 4;
  const TempDir dir;
  REQUIRE(run_simulated(dir / "whole", spec, curve_script(5)).ok());
  const std::string whole = essence(load_record(dir / "whole"));
  const auto script = after_crash(curve_script(5));
  dir.write("killed/journal.jsonl", read_file(dir / "whole/journal.jsonl"));
  for (int attempt = 1; attempt <= RetrySpec().max_attempts + 2; ++attempt) {
    const std::string journal = read_file(dir / "killed/journal.jsonl");
    const std::size_t launched = journal.find("\"op\":\"launched\",\"trial\":1,\"attempt\":" + std::to_string(attempt) + ",");
    REQUIRE(launched != std::string::npos);
    dir.write("killed/journal.jsonl", journal.substr(0, journal.find('\n', launched) + 1));
    REQUIRE(run_simulated(dir / "killed", spec, script).ok());
  }
  const StudyRecord record = load_record(dir / "killed");
  CHECK(static_cast<int>(record.trials[0].attempts.size()) == RetrySpec().max_attempts + 3);
  CHECK(essence(record) == whole);
}

TEST_CASE("a lost attempt goes on as a new one; three lost ones fail the trial") {
  StudySpec spec = small_spec();
  spec.limits.max_trials = 2;
  spec.limits.max_parallel = 1;
  const TempDir dir;
  const auto base = curve_script(3);
  const auto script = [&](const LaunchSpec& launch) {
    SimulatedTrial trial;
    if (launch.id.trial == 1 && launch.id.attempt == 1) return trial.lost(milliseconds(1), "its supervisor is gone");
    if (launch.id.trial == 2) return trial.lost(milliseconds(1), "its supervisor is gone");
    return base(launch);
  };
  REQUIRE(run_simulated(dir / "study", spec, script).ok());
  const StudyRecord record = load_record(dir / "study");
  CHECK(record.trials[0].status == TrialStatus::kCompleted);
  CHECK(record.trials[0].attempts.size() == 2);
  CHECK(record.trials[0].attempts[0].end_reason == "lost");
  CHECK(record.trials[1].status == TrialStatus::kFailed);
  CHECK(record.trials[1].failure == FailureClass::kLost);
  CHECK(record.trials[1].attempts.size() == 3);
}

TEST_CASE("Ctrl-C interrupts the trials; they go on as new attempts when the study is resumed") {
  const StudySpec spec = small_spec();
  const TempDir dir;
  Interrupts interrupts;
  struct After final : RunObserver {
    explicit After(Interrupts& raised) : interrupts(raised) {}
    void happened(const StudyRecord&, const Happening& happening) override {
      if (happening.kind == Happening::Kind::kObserved && ++observed == 30) interrupts.raise();
    }
    void tick(const StudyRecord&, TimePoint) override {}
    Interrupts& interrupts;
    int observed = 0;
  } after(interrupts);
  REQUIRE(run_simulated(dir / "study", spec, curve_script(6), &after, &interrupts).ok());
  const StudyRecord broken_off = load_record(dir / "study");
  CHECK(broken_off.status == StudyStatus::kInProgress);
  CHECK(broken_off.running.size() == 3);
  for (const TrialId trial : broken_off.running) {
    CHECK(broken_off.trial(trial).secondary == SecondaryStatus::kInterrupted);
    CHECK(broken_off.trial(trial).status == TrialStatus::kInProgress);
  }
  REQUIRE(run_simulated(dir / "study", spec, curve_script(6)).ok());
  const StudyRecord record = load_record(dir / "study");
  CHECK(count(record, TrialStatus::kCompleted) == 12);
  for (const TrialId trial : broken_off.running) CHECK(record.trial(trial).attempts.size() == 2);
}

TEST_CASE("a request to stop a trial or the study is carried out and its file removed") {
  StudySpec spec = small_spec();
  const TempDir dir;
  struct Asking final : RunObserver {
    explicit Asking(std::string directory_of_study) : directory(std::move(directory_of_study)) {}
    void happened(const StudyRecord&, const Happening& happening) override {
      if (happening.kind == Happening::Kind::kLaunched && happening.trial == 2) REQUIRE(write_stop_request(directory, 2).ok());
      if (happening.kind == Happening::Kind::kLaunched && happening.trial == 6)
        REQUIRE(write_stop_request(directory, std::nullopt).ok());
    }
    void tick(const StudyRecord&, TimePoint) override {}
    std::string directory;
  } asking(dir / "study");
  REQUIRE(run_simulated(dir / "study", spec, curve_script(20), &asking).ok());
  const StudyRecord record = load_record(dir / "study");
  CHECK(record.status == StudyStatus::kStopped);
  CHECK(record.stop_reason == "user");
  CHECK(record.trial(2).status == TrialStatus::kStopped);
  CHECK(record.trial(2).stop_reason == "user");
  CHECK(record.running.empty());
  CHECK(read_requests(dir / "study").empty());
}

TEST_CASE("protect_best keeps the best running trials, min_runtime the young ones") {
  StudySpec spec = median_spec();
  const TempDir dir;
  spec.stopping->min_runtime = std::chrono::hours(1);
  REQUIRE(run_simulated(dir / "young", spec, curve_script(6)).ok());
  CHECK(count(load_record(dir / "young"), TrialStatus::kStopped) == 0);
  spec.stopping->min_runtime.reset();
  spec.stopping->protect_best = 12;
  REQUIRE(run_simulated(dir / "best", spec, curve_script(6)).ok());
  CHECK(count(load_record(dir / "best"), TrialStatus::kStopped) == 0);
}

TEST_CASE("explain: all journals the decisions to continue as well") {
  StudySpec spec = median_spec();
  spec.stopping->explain_all = true;
  const TempDir dir;
  REQUIRE(run_simulated(dir / "study", spec, curve_script(6)).ok());
  const StudyRecord record = load_record(dir / "study");
  std::size_t decisions = 0;
  std::size_t points = 0;
  for (const TrialRecord& trial : record.trials) {
    decisions += trial.decisions.size();
    points += trial.find_series("score")->points.size();
    for (const DecisionRecord& decision : trial.decisions) CHECK_FALSE(decision.reason.empty());
  }
  CHECK(decisions > 12);
  CHECK(decisions <= points);
}
