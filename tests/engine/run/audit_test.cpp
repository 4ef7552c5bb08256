#include "engine/core/audit.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "engine/report/false_stops.hpp"
#include "tests/engine/run/simulated_study.hpp"
#include "tests/support/study_builder.hpp"
#include "tune/random.hpp"

namespace {

using namespace tune;
using namespace tune::engine;
using namespace tune::test;
using std::chrono::milliseconds;

StudySpec audited_spec(double share, int trials = 40) {
  StudySpec spec = median_spec();
  spec.deterministic = true;
  spec.limits.max_trials = trials;
  spec.stopping->audit = share;
  return spec;
}

StudyRecord run(const TempDir& dir, const std::string& name, const StudySpec& spec,
                const SimulatedExecutor::Script& script = curve_script(6)) {
  REQUIRE(run_simulated(dir / name, spec, script).ok());
  return load_record(dir / name);
}

}  // namespace

TEST_CASE("the audit's number belongs to (seed, trial); divergence and health rules are not audited") {
  StudySpec spec = median_spec();
  CHECK_FALSE(audit(spec, 3, "median"));  // off by default
  spec.stopping->audit = 1.0;
  const auto spared = audit(spec, 3, "median");
  REQUIRE(spared);
  CHECK(spared->trial == 3);
  CHECK(spared->share == 1.0);
  CHECK(spared->draw == RandomStream(spec.seed, 3, "audit").uniform());
  CHECK_FALSE(audit(spec, 3, "diverged"));
  CHECK_FALSE(audit(spec, 3, "rule:VanishingGradient"));
  spec.stopping->audit = spared->draw;  // the share is not included
  CHECK_FALSE(audit(spec, 3, "median"));
  spec.stopping.reset();
  CHECK_FALSE(audit(spec, 3, "median"));
}

TEST_CASE("with audit 100 % nobody is stopped, and every decision to stop is followed by the sparing") {
  const TempDir dir;
  const StudyRecord record = run(dir, "study", audited_spec(1.0));
  int spared = 0;
  for (const TrialRecord& trial : record.trials) {
    CHECK(trial.status == TrialStatus::kCompleted);
    CHECK(trial.find_series("score")->points.size() == 6);
    CHECK(trial.decisions.size() == (trial.spared ? 1 : 0));  // never judged again
    if (trial.spared) CHECK(spared_decision(trial)->kind == "stop");
    spared += trial.spared;
  }
  CHECK(spared >= 10);
  const std::string journal = read_file(dir / "study/journal.jsonl");
  std::istringstream lines(journal);
  int followed = 0;
  bool decided = false;
  for (std::string line; std::getline(lines, line);) {
    const bool sparing = line.find("\"op\":\"spared\"") != std::string::npos;
    CHECK(sparing == decided);  // directly after its decision
    followed += sparing;
    decided = line.find("\"op\":\"decision\"") != std::string::npos;
  }
  CHECK(followed == spared);
}

TEST_CASE("exactly the trials whose number is below the share are spared; the others are stopped") {
  const TempDir dir;
  const StudySpec spec = audited_spec(0.3);
  const StudyRecord record = run(dir, "study", spec);
  int spared = 0;
  int stopped = 0;
  for (const TrialRecord& trial : record.trials) {
    if (trial.decisions.empty()) continue;
    CHECK(trial.spared == (RandomStream(spec.seed, trial.id, "audit").uniform() < 0.3));
    CHECK(trial.status == (trial.spared ? TrialStatus::kCompleted : TrialStatus::kStopped));
    (trial.spared ? spared : stopped) += 1;
  }
  CHECK(spared >= 2);
  CHECK(stopped >= 5);
}

TEST_CASE("a spared trial that diverges, or runs out of its time, is stopped all the same") {
  const TempDir dir;
  const auto diverging = [](const LaunchSpec& launch) {
    SimulatedTrial trial;
    for (int step = 1; step <= 5; ++step) {
      const double value = curve(as_number(*launch.configuration[0]), step);
      trial.output(milliseconds(10), "@tune {\"step\": " + std::to_string(step) + ", \"score\": " + to_text(value) + "}\n");
    }
    // Whoever is weak breaks at the end.
    if (as_number(*launch.configuration[0]) < 0.3) trial.output(milliseconds(10), "@tune {\"step\": 6, \"score\": \"NaN\"}\n");
    trial.exit(milliseconds(5));
    return trial;
  };
  const StudyRecord record = run(dir, "diverging", audited_spec(1.0, 20), diverging);
  int diverged = 0;
  for (const TrialRecord& trial : record.trials) {
    if (!trial.spared || as_number(*trial.configuration[0]) >= 0.3) continue;
    CHECK(trial.status == TrialStatus::kStopped);
    CHECK(trial.stop_reason == "diverged");
    CHECK(trial.decisions.size() == 2);
    CHECK(spared_decision(trial)->rule == "median");
    ++diverged;
  }
  CHECK(diverged >= 2);

  StudySpec limited = audited_spec(1.0, 20);
  limited.limits.trial_runtime = milliseconds(50);
  const auto slow_if_weak = [](const LaunchSpec& launch) {
    const double x = as_number(*launch.configuration[0]);
    return curve_script(6, [x](TrialId, std::int64_t) -> Duration { return milliseconds(x < 0.3 ? 15 : 5); })(launch);
  };
  int late = 0;
  for (const TrialRecord& trial : run(dir, "limited", limited, slow_if_weak).trials) {
    if (trial.spared && as_number(*trial.configuration[0]) < 0.3) {
      CHECK(trial.stop_reason == "time_limit");
      ++late;
    }
  }
  CHECK(late >= 2);
}

TEST_CASE("an audited study cut anywhere in its journal and resumed spares the same trials") {
  const TempDir dir;
  const StudySpec spec = audited_spec(0.5, 12);
  const StudyRecord whole = run(dir, "whole", spec);
  const auto spared_of = [](const StudyRecord& record) {
    std::vector<TrialId> spared;
    for (const TrialRecord& trial : record.trials) {
      if (trial.spared) spared.push_back(trial.id);
    }
    return spared;
  };
  REQUIRE(spared_of(whole).size() >= 2);
  const std::string journal = read_file(dir / "whole/journal.jsonl");
  int cut = 0;
  std::size_t begin = 0;
  for (std::size_t end = journal.find('\n'); end + 1 < journal.size(); end = journal.find('\n', end + 1)) {
    // The observation that is judged, the decision, the sparing or the stop, and what comes next.
    const std::size_t next = journal.find('\n', end + 1);
    const std::string here = journal.substr(begin, next - begin);
    begin = end + 1;
    const bool near =
        here.find("\"op\":\"decision\"") != std::string::npos || here.find("\"op\":\"spared\"") != std::string::npos;
    if (!near) continue;
    const std::string name = "cut" + std::to_string(++cut);
    dir.write(name + "/journal.jsonl", journal.substr(0, end + 1));
    const StudyRecord resumed = run(dir, name, spec, after_crash(curve_script(6)));
    CHECK(essence(resumed) == essence(whole));
    CHECK(spared_of(resumed) == spared_of(whole));
  }
  CHECK(cut >= 12);
}

namespace {

/// A study run by hand, one trial after the other: curves that cross, the median rule, the audit.
struct Replayed {
  StudyRecord record;
  std::int64_t wanted = 0;      ///< trials that the rule wanted to stop
  std::int64_t false_ones = 0;  ///< of those: better at its end than every other trial that ran to its end
};

Replayed replay(const StudySpec& spec, const StoppingPolicy& policy, int trials) {
  constexpr int kSteps = 8;
  StudyBuilder builder(spec.space, spec.objective, spec.seed);
  builder.record().declared_max_step = kSteps;
  std::vector<double> ends;
  std::vector<TrialId> wanted;
  for (int number = 0; number < trials; ++number) {
    RandomStream stream(spec.seed, number + 1, "curve");
    const double end = stream.uniform();
    const double late = 2.0 * stream.uniform();  // starts low and comes late, whatever its end
    const TrialId trial = builder.propose(configuration_of(spec.space, {{"x", end}}));
    ends.push_back(end);
    bool stop = false;
    for (int step = 1; step <= kSteps && !stop; ++step) {
      builder.observe(trial, step, end * (1.0 - std::exp(-step / (1.0 + 2.0 * late))));
      TrialRecord& record = builder.record().trials.back();
      if (record.spared || policy.judge(builder.view(), builder.cut(trial, step)).kind != Decision::Kind::kStop) continue;
      wanted.push_back(trial);
      record.decisions.push_back({.step = step, .kind = "stop", .rule = "median"});
      record.spared = audit(spec, trial, "median").has_value();
      stop = !record.spared;
    }
    if (!stop) builder.observe(trial, kSteps, end);
    builder.finish(trial, stop ? TrialStatus::kStopped : TrialStatus::kCompleted, stop ? "median" : "");
  }
  Replayed out{builder.record(), static_cast<std::int64_t>(wanted.size()), 0};
  for (const TrialId trial : wanted) {
    const double own = ends[static_cast<std::size_t>(trial - 1)];
    out.false_ones += std::ranges::none_of(out.record.trials, [&](const TrialRecord& other) {
      return other.id != trial && other.status == TrialStatus::kCompleted && *other.value >= own;
    });
  }
  return out;
}

}  // namespace

TEST_CASE("the audit's interval holds the true false-stop rate in at least 93 % of replays, and is not wider than it must be") {
  StudySpec spec = median_spec();
  spec.stopping->policy.options["percentile"] = 90.0;  // rash, so that there are false stops
  const auto policy = builtin().find_policy("median")->make(spec.space, spec.stopping->policy.options);
  REQUIRE(policy.ok());
  constexpr int kReplays = 150;
  constexpr int kStudies = 10;  // pooled in each
  std::vector<FalseStops> replays;
  double wanted = 0.0;
  double false_ones = 0.0;
  spec.stopping->audit = 0.3;
  spec.seed = 0;
  for (int i = 0; i < kReplays; ++i) {
    FalseStops pooled;
    for (int k = 0; k < kStudies; ++k) {
      ++spec.seed;
      const Replayed one = replay(spec, **policy, 30);
      pooled += count_false_stops(one.record, {});
      wanted += static_cast<double>(one.wanted);
      false_ones += static_cast<double>(one.false_ones);
    }
    replays.push_back(pooled);
  }
  const double truth = false_ones / wanted;
  CHECK(truth > 0.005);  // there is something to find
  int covered = 0;
  int told = 0;
  for (const FalseStops& replay : replays) {
    told += !replay.too_few();
    const ShareInterval interval = clopper_pearson(replay.false_stops, replay.audited);
    covered += interval.low <= truth && truth <= interval.high;
    // The exact interval cannot be narrower than the error it leaves on each side: a little inside its ends it would be wrong.
    CHECK(binomial_tail(replay.false_stops, replay.audited, interval.low + 1e-9) >= 0.025 * 0.999);
  }
  CHECK(told >= kReplays * 9 / 10);
  CHECK(covered >= kReplays * 93 / 100);
  MESSAGE("true rate " << truth << ", covered " << covered << " of " << kReplays);
}
