// scripts/check_median.py and the rule were written apart from the same sentence: on studies that the rule has run, the script
// must find no difference, and it must find one where the record was changed.
#include <doctest/doctest.h>

#include <cstdio>
#include <string>
#include <vector>

#include "tests/strategies_stopping/median_support.hpp"
#include "tests/support/test_support.hpp"
#include "tune/random.hpp"

using tune::Decision;
using tune::Goal;
using tune::Point;
using tune::TrialId;
using tune::TrialRecord;
using tune::TrialStatus;
using tune::test::StudyBuilder;

namespace {

std::string json_time(tune::TimePoint time) {
  const long seconds = std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
  char text[96];
  std::snprintf(text, sizeof text, "\"1970-01-01T%02ld:%02ld:%02ld.000000Z\"", seconds / 3600, seconds / 60 % 60, seconds % 60);
  return text;
}

std::string trial_json(const TrialRecord& trial) {
  std::string text = "{\"trial\": " + std::to_string(trial.id) + ", \"status\": \"" + std::string(to_string(trial.status)) + "\"";
  text += trial.stop_reason.empty() ? ", \"stop_reason\": null" : ", \"stop_reason\": \"" + trial.stop_reason + "\"";
  text += ", \"end\": " + (trial.ended_time ? json_time(*trial.ended_time) : std::string("null")) + ", \"observations\": [";
  std::string separator;
  for (const tune::Series& series : trial.series) {
    for (const Point& point : series.points) {
      text += separator + "{\"metric\": \"" + series.metric + "\", \"step\": " + std::to_string(point.step) +
              ", \"value\": " + (std::isnan(point.value) ? "\"NaN\"" : tune::to_text(point.value)) +
              ", \"attempt\": 1, \"time\": " + json_time(point.time) + "}";
      separator = ", ";
    }
  }
  return text + "]}";
}

/// The parts of `tune report --format json` that the script reads.
std::string report_json(const StudyBuilder& study) {
  const bool maximize = study.record().objective.goal == Goal::kMaximize;
  std::string text = R"({"schema": 1, "study": {"objective": {"metric": "score", "goal": ")";
  text += std::string(maximize ? "maximize" : "minimize") + "\"}}, \"trials\": [";
  std::string separator;
  for (const TrialRecord& trial : study.record().trials) {
    text += separator + trial_json(trial);
    separator = ", ";
  }
  return text + "]}";
}

/// A study of `trials` trials of up to `steps` noisy steps, `slots` at a time, under `rule`.
StudyBuilder run_study(const tune::StoppingPolicy& rule, Goal goal, std::uint64_t seed, int trials, std::int64_t steps,
                       std::size_t slots) {
  StudyBuilder study = tune::test::curves(goal);
  tune::RandomStream random(seed, 1, "check_median");
  std::vector<TrialId> running;
  std::vector<std::int64_t> done(static_cast<std::size_t>(trials) + 1);
  while (static_cast<int>(study.record().trials.size()) < trials || !running.empty()) {
    if (running.size() < slots && static_cast<int>(study.record().trials.size()) < trials) {
      running.push_back(study.propose({}));
      continue;
    }
    const std::size_t slot = random.below(running.size());
    const TrialId id = running[slot];
    const std::int64_t step = ++done[static_cast<std::size_t>(id)];
    const double level = tune::RandomStream(seed, id, "level").uniform();
    study.observe(id, step, level * static_cast<double>(step) + 0.3 * random.normal());
    const bool stops = rule.judge(study.view(), study.cut(id, step)).kind == Decision::Kind::kStop;
    if (!stops && step < steps) continue;
    study.finish(id, stops ? TrialStatus::kStopped : TrialStatus::kCompleted, stops ? "median" : "");
    running.erase(running.begin() + static_cast<std::ptrdiff_t>(slot));
  }
  return study;
}

struct Options {
  tune::Options rule;
  std::vector<std::string> arguments;
};

tune::test::ProcessResult check_with(const StudyBuilder& study, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {"python3", (tune::test::source_dir() / "scripts/check_median.py").string()});
  return tune::test::run_process(arguments, "", report_json(study));
}

int count_stopped(const StudyBuilder& study) {
  int stopped = 0;
  for (const TrialRecord& trial : study.record().trials) stopped += trial.stop_reason == "median" ? 1 : 0;
  return stopped;
}

}  // namespace

TEST_CASE("the script agrees with the rule on studies that the rule ran") {
  const std::vector<Options> settings{
      {{}, {}},
      {{{"min_trials", std::int64_t{3}}, {"references", std::string("reached")}}, {"--min-trials=3", "--references=reached"}},
      {{{"value", std::string("best")}, {"warmup", std::int64_t{1}}}, {"--value=best", "--warmup=1"}},
      {{{"percentile", 30.0}, {"margin", 0.25}, {"warmup", 0.5}}, {"--percentile=30", "--margin=0.25", "--warmup=50%"}},
  };
  int stopped = 0;
  std::uint64_t seed = 0;
  for (const Options& setting : settings) {
    for (const Goal goal : {Goal::kMaximize, Goal::kMinimize}) {
      const StudyBuilder study = run_study(*tune::test::median(setting.rule), goal, ++seed, 40, 9, 4);
      const auto result = check_with(study, setting.arguments);
      INFO(result.out << result.err);
      CHECK(result.exit_code == 0);
      CHECK(result.out.find(" " + std::to_string(count_stopped(study)) + " stops recomputed by times, 0 differences") !=
            std::string::npos);
      stopped += count_stopped(study);
    }
  }
  CHECK(stopped > 80);
}

TEST_CASE("the script finds what was changed") {
  const auto rule = tune::test::median();
  const StudyBuilder honest = run_study(*rule, Goal::kMaximize, 1, 30, 9, 3);
  REQUIRE(check_with(honest, {}).exit_code == 0);

  StudyBuilder never_stopped = honest;
  StudyBuilder wrongly_stopped = honest;
  TrialId changed = 0;
  for (TrialRecord& trial : never_stopped.record().trials) {
    if (trial.stop_reason == "median") trial.status = TrialStatus::kCompleted, trial.stop_reason = "", changed = trial.id;
    if (changed > 0) break;
  }
  auto result = check_with(never_stopped, {});
  CHECK(result.exit_code == 1);
  CHECK(result.out.find("trial " + std::to_string(changed) + ": is Completed after step") != std::string::npos);

  for (TrialRecord& trial : wrongly_stopped.record().trials) {
    if (trial.status == TrialStatus::kCompleted)
      trial.status = TrialStatus::kStopped, trial.stop_reason = "median", changed = trial.id;
  }
  result = check_with(wrongly_stopped, {});
  CHECK(result.exit_code == 1);
  CHECK(result.out.find("trial " + std::to_string(changed) + ": was stopped by the median rule; recomputed, it never is") !=
        std::string::npos);

  CHECK(check_with(honest, {"--min-trials=3"}).exit_code == 1);
  CHECK(
      tune::test::run_process({"python3", (tune::test::source_dir() / "scripts/check_median.py").string()}, "", "{}").exit_code ==
      2);
}
