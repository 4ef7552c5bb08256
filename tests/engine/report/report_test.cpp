#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "engine/report/report_csv.hpp"
#include "engine/report/report_text.hpp"
#include "engine/report/why.hpp"
#include "tests/engine/report/json_report.hpp"
#include "tests/engine/report/sample_study.hpp"

namespace tune::engine {
namespace {

using test::moment;
using test::sample_study;

TEST_CASE("report, text, as printed") {
  CHECK(report_text(sample_study(), moment(30)) == R"(Study fashion: InProgress
objective   maximize validation:accuracy
search      bayesian, early stopping median, seed 7
trials      6: 2 Completed, 2 Stopped, 1 Failed, 1 InProgress
stopped     1 diverged, 1 median

Best: trial 5, validation:accuracy = 0.91
  learning_rate=0.001 mini_batch_size=32 optimizer=adam

Top 3:
  trial   value  step  status     training  learning_rate  mini_batch_size  optimizer  momentum
      5    0.91     5  Completed     8.0 s          0.001               32  adam              -
      1  0.8125     5  Completed     6.0 s           0.01               32  sgd             0.9
      2    0.21     2  Stopped       3.0 s            0.5               16  adam              -

What mattered: too early to tell; it takes 8 trials with a value and a parameter that can vary.

Failures
  trial 3: user_error: the command ended with exit code 1
    learning_rate=0.1 mini_batch_size=64 optimizer=a,"b"
    | Traceback (most recent call last):
    | ValueError: ?[31mbad?[0m

training    32 s (0.0089 h), the running time of all trials added up
wall        25 s (0.0069 h)
GPU         32 s (0.0089 h)
lost        3.0 s (0.0008 h) of the training time, in trials that failed or diverged
saved       about 3.0 s (0.0008 h) of training in 1 trial, 9 % of the 35 s without early stopping
            estimated as (maximum step - last step) x the trial's own seconds per step;
            no stopped trial was run on to check it

Where the slots' time went
                                 time    share       GPU
  completed trials               14 s   22.5 %  0.0037 h
  stopped trials                5.0 s    8.3 %  0.0014 h
  failed trials                 1.0 s    1.7 %  0.0003 h
  running trials                 12 s   20.0 %  0.0033 h
  redone: lost to retries       0.5 s    0.8 %  0.0001 h
  idle                           28 s   46.7 %  0.0078 h
  all slots while open     1 min 00 s  100.0 %  0.0167 h
)");
}

TEST_CASE("report, text: words for a saving that is unknown, none, or off") {
  StudyRecord study = sample_study();
  study.declared_max_step.reset();
  study.trials[0].status = study.trials[4].status = TrialStatus::kStopped;
  CHECK(report_text(study).find("unknown: 1 trial stopped, but the maximum step is not known") != std::string::npos);
  study.trials[1].stop_reason = "user";
  CHECK(report_text(study).find("nothing: it stopped no trial") != std::string::npos);
  study.stopping = "off";
  CHECK(report_text(study).find("nothing: early stopping is off") != std::string::npos);
}

TEST_CASE("report, text: a study without values, failures beyond the shown ones, captures that were not read") {
  StudyRecord study = sample_study();
  for (TrialRecord& trial : study.trials) {
    trial.status = TrialStatus::kFailed;
    trial.value.reset();
  }
  study.trials[0].unreadable_captures = 3;
  study.trials[1].cut_lines = 1;
  const std::string text = report_text(study);
  CHECK(text.find("No trial has given a value of validation:accuracy so far.") != std::string::npos);
  CHECK(text.find("and 1 more") != std::string::npos);
  CHECK(text.find("3 captures of the metric definitions are no number") != std::string::npos);
  CHECK(text.find("1 log line longer than 64 KiB") != std::string::npos);
  CHECK(text.find('\x1b') == std::string::npos);
}

TEST_CASE("report, text: many parameters go into one column") {
  StudyRecord study = sample_study();
  for (int i = 0; i < 4; ++i) study.space.uniform("another_parameter_" + std::to_string(i), 0, 1);
  for (TrialRecord& trial : study.trials) {
    Configuration wider(study.space.size());
    for (std::size_t i = 0; i < trial.configuration.size(); ++i) wider[i] = trial.configuration[i];
    trial.configuration = wider;
  }
  const std::string text = report_text(study);
  CHECK(text.find("  trial   value  step  status     training  parameters\n") != std::string::npos);
  CHECK(text.find("8.0 s  learning_rate=0.001 mini_batch_size=32 optimizer=adam\n") != std::string::npos);
}

/// What a model could say of the sample.
Insight sample_insight() {
  return {.importances = {{"learning_rate", 0.71234567, 0.04}, {"momentum", 0.15, 0.02}},
          .interaction_share = 0.13765433,
          .explained = 0.8,
          .predicted_best = sample_study().trial(5).configuration,
          .at_predicted_best = {0.93, 0.90, 0.95},
          .best_trial = 5,
          .at_best_trial = {0.905, 0.8999999, 0.91},
          .trials = 17};
}

TEST_CASE("report, text: what mattered") {
  Insight insight = sample_insight();
  const std::string text = report_text(sample_study(), moment(30), {&insight});
  CHECK(text.find(R"(
What mattered, by a model of 17 trials (it predicts 80 % of the variation among trials it was not shown):
  parameter           share   +-
  learning_rate        71 %  4 %
  momentum             15 %  2 %
  (several together)   14 %
Predicted best: 0.93 (90 %: 0.9 to 0.95) at
  learning_rate=0.001 mini_batch_size=32 optimizer=adam
At trial 5, the best so far, the model expects 0.905 (90 %: 0.9 to 0.91).
)") != std::string::npos);

  for (int i = 0; i < 9; ++i) insight.importances.push_back({"p" + std::to_string(i), 0.0, 0.0});
  CHECK(report_text(sample_study(), moment(30), {&insight}).find("and 1 parameter that mattered less") != std::string::npos);

  insight.importances = {{"learning_rate", 0.0, 0.0}};
  insight.interaction_share = 0.0;
  const std::string flat = report_text(sample_study(), moment(30), {&insight});
  CHECK(flat.find("It sees no difference between configurations.") != std::string::npos);
  CHECK(flat.find("(several together)") == std::string::npos);
}

TEST_CASE("report, JSON: what mattered") {
  Insight insight = sample_insight();
  const StudyRecord study = sample_study();
  const auto json = nlohmann::json::parse(test::json_report(study, moment(30), {&insight})).at("insight");
  CHECK(json == nlohmann::json::parse(R"({
    "trials": 17, "explained": 0.8, "interactions": 0.1377,
    "importance": [{"parameter": "learning_rate", "share": 0.7123, "share_sd": 0.04},
                   {"parameter": "momentum", "share": 0.15, "share_sd": 0.02}],
    "predicted_best": {"parameters": {"learning_rate": 0.001, "mini_batch_size": 32, "optimizer": "adam"},
                       "value": 0.93, "low": 0.9, "high": 0.95, "level": 0.9},
    "at_best_trial": {"trial": 5, "value": 0.905, "low": 0.8999999, "high": 0.91, "level": 0.9}})"));
  insight.best_trial = 0;
  const auto several = nlohmann::json::parse(test::json_report(std::vector<DatedStudy>{{&study, {}, {&insight}}, {&study}}));
  CHECK(several.at("studies")[0].at("insight").at("at_best_trial").is_null());
  CHECK(several.at("studies")[1].at("insight").is_null());
}

TEST_CASE("status, text") {
  const std::string idle = status_text(sample_study(), false);
  CHECK(idle.find("6: 2 Completed, 2 Stopped, 1 Failed, 1 InProgress") != std::string::npos);
  CHECK(idle.find("0.91, trial 5") != std::string::npos);
  CHECK(idle.find("no process is running it") != std::string::npos);
  CHECK(status_text(sample_study(), true).find("a process is running it") != std::string::npos);
}

TEST_CASE("report, CSV: SageMaker's columns, best first, quoted") {
  const StudyRecord study = sample_study();
  CHECK(
      report_csv({&study}) ==
      R"(learning_rate,mini_batch_size,optimizer,momentum,TrainingJobName,TrainingJobStatus,FinalObjectiveValue,TrainingStartTime,TrainingEndTime,TrainingElapsedTimeSeconds
0.001,32,adam,,fashion-005-9f31c2aa,Completed,0.91,2026-02-03T04:05:12.000000Z,2026-02-03T04:05:24.000000Z,12
0.01,32,sgd,0.9,fashion-001-9f31c2aa,Completed,0.8125,2026-02-03T04:05:06.000000Z,2026-02-03T04:05:12.000000Z,6
0.5,16,adam,,fashion-002-9f31c2aa,Stopped,0.21,2026-02-03T04:05:06.000000Z,2026-02-03T04:05:09.000000Z,3
0.1,64,"a,""b""",,fashion-003-9f31c2aa,Failed,,2026-02-03T04:05:09.000000Z,2026-02-03T04:05:10.000000Z,1
1,16,adam,,fashion-004-9f31c2aa,Stopped,,2026-02-03T04:05:10.000000Z,2026-02-03T04:05:12.000000Z,2
0.02,48,adam,,fashion-006-9f31c2aa,InProgress,,2026-02-03T04:05:24.000000Z,,
)");
}

TEST_CASE("report, CSV: no text is taken for a formula") {
  StudyRecord study;
  study.name = "formulas";
  const std::initializer_list<const char*> values{"=1+1", "+1", "-2e3", "-x", "@SUM(1)", "\tx", "a=b", "", "+-1", "\r"};
  study.space.categorical("=kind", values);
  for (const char* value : values) {
    Configuration configuration(1);
    configuration[0] = std::string(value);
    test::add_trial(study, configuration, 0, 1, {1.0});
  }
  const std::string csv = report_csv({&study});
  CHECK(csv.starts_with("'=kind,"));
  std::vector<std::string> cells;
  for (std::size_t at = csv.find('\n') + 1; at < csv.size(); at = csv.find('\n', at) + 1)
    cells.push_back(csv.substr(at, csv.find(',', at) - at));
  const std::vector<std::string> expected{"'=1+1", "+1", "-2e3", "'-x", "'@SUM(1)", "'\tx", "a=b", "", "'+-1", "\"'\r\""};
  REQUIRE(cells.size() == expected.size());
  for (std::size_t i = 0; i < cells.size(); ++i) CHECK(cells[i] == expected[i]);
}

TEST_CASE("report, JSON: the documented keys in their order") {
  const std::string text = test::json_report(sample_study(), moment(30));
  const auto json = nlohmann::ordered_json::parse(text);
  const auto keys = [](const nlohmann::ordered_json& object) {
    std::string out;
    for (const auto& [key, value] : object.items()) out += (out.empty() ? "" : " ") + key;
    return out;
  };
  CHECK(keys(json) == "schema study counts best insight seconds ledger audit trials");
  CHECK(keys(json.at("study")) == "name status stop_reason ending objective strategy early_stopping seed warm_start");
  CHECK(keys(json.at("counts")) == "Completed Stopped Failed InProgress");
  CHECK(keys(json.at("best")) == "trial value step parameters");
  CHECK(keys(json.at("seconds")) == "training billable wall early_stopping_saved_estimate");
  CHECK(keys(json.at("ledger")) == "completed stopped failed in_progress audit redone idle open away_seconds saved");
  CHECK(keys(json.at("audit")) ==
        "spared audited false_stops too_few_to_tell false_stop_rate interval stopped predicted expected_false_stops");
  const auto& trial = json.at("trials")[4];
  CHECK(keys(trial) ==
        "trial name status secondary_status stop_reason failure_class value last_step spared_at_step parameters start end "
        "elapsed_seconds training_seconds gpu_seconds billable_seconds observations attempts warnings");
  CHECK(keys(trial.at("observations")[0]) == "metric step value attempt time");
  CHECK(keys(trial.at("attempts")[0]) == "attempt start end end_reason host gpus slot gpu_use resumed_from_step");
}

TEST_CASE("report, JSON: values") {
  const auto json = nlohmann::json::parse(test::json_report(sample_study(), moment(30)));
  CHECK(json.at("schema") == 1);
  CHECK(json.at("study").at("stop_reason").is_null());
  CHECK(json.at("counts").at("InProgress") == 1);
  CHECK(json.at("best").at("trial") == 5);
  CHECK(json.at("best").at("parameters") ==
        nlohmann::json{{"learning_rate", 0.001}, {"mini_batch_size", 32}, {"optimizer", "adam"}});
  const auto& trials = json.at("trials");
  CHECK(trials[0].at("parameters").at("momentum") == 0.9);
  CHECK(trials[1].at("stop_reason") == "median");
  CHECK(trials[2].at("failure_class") == "user_error");
  CHECK(trials[2].at("value").is_null());
  CHECK(trials[2].at("last_step").is_null());
  CHECK(trials[3].at("observations")[0].at("value") == "NaN");
  CHECK(trials[3].at("attempts")[0].at("gpus") == nlohmann::json::array({"GPU-1a2b"}));
  CHECK(trials[4].at("attempts")[1].at("resumed_from_step") == 2);
  CHECK(trials[4].at("attempts")[0].at("gpus") == nlohmann::json::array({0}));
  CHECK(trials[4].at("elapsed_seconds") == 12.0);
  CHECK(trials[4].at("training_seconds") == 8.0);
  CHECK(trials[5].at("secondary_status") == "Training");
  CHECK(trials[5].at("end").is_null());
  CHECK(trials[0].at("start") == "2026-02-03T04:05:06.000000Z");
}

TEST_CASE("report, JSON: an empty study, and several") {
  StudyRecord empty;
  empty.name = "empty";
  empty.objective = minimize("loss");
  empty.stopping = "off";
  const auto json = nlohmann::json::parse(test::json_report(empty));
  CHECK(json.at("best").is_null());
  CHECK(json.at("seconds").at("early_stopping_saved_estimate") == 0.0);
  CHECK(json.at("trials").empty());
  const StudyRecord sample = sample_study();
  const auto both = nlohmann::json::parse(test::json_report(std::vector<DatedStudy>{{&empty, {}}, {&sample, {}}}));
  CHECK(both.at("studies").size() == 2);
  CHECK(both.at("studies")[1].at("study").at("name") == "fashion");
}

TEST_CASE("why: each decision as a sentence with its numbers") {
  const StudyRecord study = sample_study();
  CHECK(why_text(study, 2) ==
        "Trial 2 (fashion-002-9f31c2aa): learning_rate=0.5 mini_batch_size=16 optimizer=adam\n"
        "At step 2 the rule median stopped it: 0.21 is worse than the median 0.4 of 5 trials (value = 0.21, threshold = 0.4), "
        "compared with trials 1, 3.\n"
        "It ended Stopped (median), with validation:accuracy = 0.21, after step 2.\n");
  CHECK(why_text(study, 3).find("It ended Failed (user_error): the command ended with exit code 1, without a value.") !=
        std::string::npos);
  CHECK(why_text(study, 6).find("It is InProgress (Training).") != std::string::npos);
  CHECK(why_text(study, 1).find("explain: all") != std::string::npos);
}

}  // namespace
}  // namespace tune::engine
