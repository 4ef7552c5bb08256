#pragma once

#include <string>
#include <utility>
#include <vector>

#include "tests/support/study_builder.hpp"
#include "tune/records.hpp"

/// A small study with times, written out by hand, that has one trial of every kind a report must show.
namespace tune::test {

/// 2026-02-03 04:05:06 UTC plus `seconds`.
inline TimePoint moment(double seconds) {
  return TimePoint(std::chrono::sys_days(std::chrono::year{2026} / 2 / 3)) + std::chrono::seconds(4 * 3600 + 5 * 60 + 6) +
         from_seconds(seconds);
}

inline Space sample_space() {
  Space space;
  space.log_uniform("learning_rate", 1e-5, 1.0);
  space.integer("mini_batch_size", 16, 64);
  const auto optimizer = space.categorical("optimizer", {"sgd", "adam", "a,\"b\""});
  space.when(optimizer, {"sgd"}).uniform("momentum", 0.0, 1.0);
  return space;
}

/// Adds a trial whose first attempt ran from `start` to `end` (none: it is running) and reported `curve`, a value every
/// `per_step` seconds after `lead` seconds of start-up.
inline TrialRecord& add_trial(StudyRecord& study, Configuration configuration, double start, std::optional<double> end,
                              const std::vector<double>& curve, double lead = 0.5, double per_step = 1.0) {
  TrialRecord trial;
  trial.id = static_cast<TrialId>(study.trials.size()) + 1;
  trial.name = study.name + "-00" + std::to_string(trial.id) + "-9f31c2aa";
  trial.configuration = std::move(configuration);
  trial.proposed_time = moment(start);
  AttemptRecord attempt;
  attempt.launched = attempt.started = moment(start);
  attempt.host = "host1";
  attempt.gpus = {"0"};
  attempt.slot = 0;
  if (end) {
    attempt.ended = moment(*end);
    attempt.end_reason = "completed";
  }
  trial.attempts.push_back(attempt);
  if (!curve.empty()) trial.series.push_back({study.objective.metric, {}});
  for (std::size_t i = 0; i < curve.size(); ++i) {
    const double step = static_cast<double>(i + 1);
    trial.series[0].points.push_back(
        {static_cast<std::int64_t>(i + 1), curve[i], moment(start + lead + per_step * step), ++study.seq, 1});
  }
  trial.status = end ? TrialStatus::kCompleted : TrialStatus::kInProgress;
  trial.secondary = end ? SecondaryStatus::kNone : SecondaryStatus::kTraining;
  if (end) {
    trial.ended_time = moment(*end);
    study.finished_order.push_back(trial.id);
    if (!curve.empty()) trial.value = curve.back();
  } else {
    study.running.push_back(trial.id);
  }
  study.trials.push_back(std::move(trial));
  return study.trials.back();
}

inline StudyRecord sample_study() {
  StudyRecord study;
  study.name = "fashion";
  study.space = sample_space();
  study.objective = maximize("validation:accuracy");
  study.strategy = "bayesian";
  study.stopping = "median";
  study.seed = 7;
  study.declared_max_step = 5;
  study.created = moment(0);
  study.active = std::chrono::seconds(25);
  study.owned = {{moment(0), moment(25), 2, false}};
  const auto point = [&](double rate, std::int64_t batch, const char* optimizer) {
    return configuration_of(study.space, {{"learning_rate", rate}, {"mini_batch_size", batch}, {"optimizer", optimizer}});
  };
  Configuration with_momentum = point(0.01, 32, "sgd");
  with_momentum[3] = 0.9;
  add_trial(study, with_momentum, 0, 6, {0.3, 0.5, 0.6, 0.7, 0.8125});

  TrialRecord& stopped = add_trial(study, point(0.5, 16, "adam"), 0, 3, {0.2, 0.21});
  stopped.status = TrialStatus::kStopped;
  stopped.stop_reason = "median";
  stopped.attempts[0].end_reason = "stopped";
  stopped.decisions.push_back({2,
                               "stop",
                               "median",
                               "0.21 is worse than the median 0.4 of 5 trials.",
                               {{"value", 0.21}, {"threshold", 0.4}},
                               {1, 3},
                               moment(2.5),
                               ++study.seq});

  TrialRecord& failed = add_trial(study, point(0.1, 64, "a,\"b\""), 3, 4, {});
  failed.status = TrialStatus::kFailed;
  failed.failure = FailureClass::kUserError;
  failed.failure_detail = "the command ended with exit code 1";
  failed.last_lines = {"Traceback (most recent call last):", "ValueError: \x1b[31mbad\x1b[0m"};
  failed.attempts[0].end_reason = "failed";
  failed.attempts[0].exit_code = 1;

  TrialRecord& diverged = add_trial(study, point(1.0, 16, "adam"), 4, 6, {NAN});
  diverged.status = TrialStatus::kStopped;
  diverged.stop_reason = "diverged";
  diverged.value.reset();
  diverged.attempts[0].end_reason = "stopped";
  diverged.attempts[0].gpus = {"GPU-1a2b"};

  // Interrupted after step 2, gone on with 4 seconds later.
  TrialRecord& best = add_trial(study, point(0.001, 32, "adam"), 6, 18, {0.4, 0.7, 0.8, 0.9, 0.91});
  best.attempts[0].ended = moment(9);
  best.attempts[0].end_reason = "interrupted";
  AttemptRecord second = best.attempts[0];
  second.number = 2;
  second.launched = second.started = moment(13);
  second.ended = moment(18);
  second.end_reason = "completed";
  second.resumed_from_step = 2;
  best.attempts.push_back(second);
  for (std::size_t i = 2; i < 5; ++i) {
    best.series[0].points[i].attempt = 2;
    best.series[0].points[i].time = moment(13.5 + static_cast<double>(i) - 1.0);
  }

  add_trial(study, point(0.02, 48, "adam"), 18, std::nullopt, {0.35, 0.55, 0.65});
  return study;
}

}  // namespace tune::test
