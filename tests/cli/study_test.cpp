#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "tests/cli/cli_support.hpp"

/// Whole studies through the program: what a user sees, gets on stdout and as exit code.
namespace tune::test {
namespace {

/// A study of `trials` runs of a shell script, one at a time, that has x and the step to print from.
std::string config(const std::string& script, int trials, const std::string& more = "") {
  return "name: demo\nobjective: {metric: acc, goal: maximize}\nparameters:\n  x: {type: int, min: 1, max: 1000}\n"
         "strategy: {name: random, seed: 7}\nlimits: {max_trials: " +
         std::to_string(trials) + ", max_parallel: 1}\nmax_step: 4\ncommand: [sh, " + script + ", \"{x}\"]\n" +
         "metrics: [{name: acc, regex: 'acc=(\\S+)', step: 'epoch (\\d+)'}]\n" + more;
}

/// Four epochs that climb to x.
constexpr const char* kClimb = "for e in 1 2 3 4; do echo \"epoch $e acc=$(($1 * $e))\"; done\n";

TEST_CASE("a study from beginning to end: lines on stderr, the report on stdout, exit code 0") {
  const TempDir directory;
  directory.write("climb.sh", kClimb);
  directory.write("c.yaml", config("climb.sh", 3));
  const auto run = tune({"run", "c.yaml"}, directory);
  CHECK(run.exit_code == 0);
  CHECK(has(run.out, "Study demo: Completed (max_trials)"));
  CHECK(has(run.out, "3: 3 Completed, 0 Stopped, 0 Failed"));
  CHECK(has(run.out, "Best: trial "));
  CHECK(has(run.out, "What mattered: too early to tell"));
  CHECK(has(run.err, "trial 3: Completed, acc = "));
  CHECK_FALSE(has(run.err, "\x1b"));
  CHECK(read_file(directory / "runs/demo/config.yaml") == config("climb.sh", 3));

  const auto again = tune({"run", "c.yaml"}, directory);
  CHECK(again.exit_code == 2);
  CHECK(has(again.err, "tune resume runs/demo"));
  const auto other = tune({"run", "c.yaml", "--resume", "--seed", "8"}, directory);
  CHECK(other.exit_code == 2);
  CHECK(has(other.err, "seed: recorded 7, given 8"));

  const auto more = tune({"resume", "runs/demo", "--max-trials", "5", "--json", "--quiet"}, directory);
  CHECK(more.exit_code == 0);
  CHECK(more.err.empty());
  const auto json = nlohmann::json::parse(more.out);
  CHECK(json.at("counts").at("Completed") == 5);
  CHECK(json.at("trials")[4].at("observations").size() == 4);

  CHECK(has(tune({"status", "runs/demo"}, directory).out, "5: 5 Completed"));
  CHECK(has(tune({"logs", "runs/demo", "2"}, directory).out, "epoch 4 acc="));
  CHECK(has(tune({"logs", "runs/demo", "2", "--follow"}, directory).out, "epoch 4 acc="));
  CHECK(has(tune({"why", "runs/demo", "2"}, directory).out, "Early stopping is off."));
  CHECK(tune({"stop", "runs/demo"}, directory).exit_code == 2);
  const auto unknown = tune({"why", "runs/demo", "6"}, directory);
  CHECK(unknown.exit_code == 2);
  CHECK(has(unknown.err, "it has trials 1 to 5"));
  const auto csv = tune({"report", "runs/demo", "--format", "csv"}, directory);
  CHECK(csv.out.rfind("x,TrainingJobName,TrainingJobStatus,FinalObjectiveValue,", 0) == 0);
  CHECK(std::count(csv.out.begin(), csv.out.end(), '\n') == 6);
  CHECK(
      nlohmann::json::parse(tune({"report", "runs/demo", "runs/demo", "--format", "json"}, directory).out).at("studies").size() ==
      2);
}

TEST_CASE("what mattered and the predicted best are in the report, text and JSON, whatever the strategy") {
  const TempDir directory;
  directory.write("climb.sh", kClimb);
  directory.write("c.yaml", config("climb.sh", 12));
  const auto run = tune({"run", "c.yaml", "--quiet"}, directory);
  CHECK(run.exit_code == 0);
  CHECK(has(run.out, "What mattered, by a model of 12 trials"));
  CHECK(has(run.out, "Predicted best: "));
  CHECK(tune({"report", "runs/demo"}, directory).out == run.out);

  const auto insight = nlohmann::json::parse(tune({"report", "runs/demo", "--format", "json"}, directory).out).at("insight");
  CHECK(insight.at("trials") == 12);
  CHECK(insight.at("importance").size() == 1);
  CHECK(insight.at("importance")[0].at("parameter") == "x");
  CHECK(insight.at("importance")[0].at("share") > 0.95);
  const auto& best = insight.at("predicted_best");
  CHECK(best.at("parameters").at("x") > 800);
  CHECK(best.at("low") <= best.at("value"));
  CHECK(best.at("value") <= best.at("high"));
  CHECK(best.at("level") == 0.9);
}

TEST_CASE("a study that goes on by --resume has the limits of the config that comes with it") {
  const TempDir directory;
  // Trial 2 waits for trial 3's file: two at a time, or a failure.
  directory.write("pair.sh",
                  "touch seen-$TUNE_TRIAL_ID; i=0\n"
                  "if [ $TUNE_TRIAL_ID = 2 ]; then until [ -e seen-3 ] || [ $i = 100 ]; do sleep 0.05; i=$((i + 1)); done; fi\n"
                  "[ $i = 100 ] && exit 1; echo \"epoch 1 acc=$1\"\n");
  directory.write("c.yaml", config("pair.sh", 1));
  REQUIRE(tune({"run", "c.yaml"}, directory).exit_code == 0);
  const auto more = tune({"run", "c.yaml", "--resume", "--max-trials", "3", "--max-parallel", "2", "--json"}, directory);
  CHECK(more.exit_code == 0);
  CHECK(nlohmann::json::parse(more.out).at("counts").at("Completed") == 3);
}

TEST_CASE("no value at all is exit code 3, with the end of the logs in the report") {
  const TempDir directory;
  directory.write("bad.sh", "echo some words before the end; exit 9\n");
  directory.write("c.yaml", config("bad.sh", 2));
  const auto run = tune({"run", "c.yaml", "--quiet"}, directory);
  CHECK(run.exit_code == 3);
  CHECK(run.err.empty());
  CHECK(has(run.out, "user_error"));
  CHECK(has(run.out, "| some words before the end"));
  CHECK(has(run.out, "No trial has given a value of acc so far."));
}

TEST_CASE("an interrupted study says how to go on, goes on, and its exit code names the signal") {
  const TempDir directory;
  // The first trial interrupts tune itself when it has said something, the next ones are as usual.
  directory.write("once.sh",
                  "if mkdir interrupted 2>/dev/null; then echo 'epoch 1 acc=1'; kill -s $SIGNAL $TUNE_PID; sleep 60; fi\n" +
                      std::string(kClimb));
  directory.write("c.yaml", config("once.sh", 2));
  for (const auto& [signal, code] : {std::pair{"INT", 130}, std::pair{"TERM", 143}}) {
    const std::string command = "export TUNE_PID=$$ SIGNAL=" + std::string(signal) + "; exec '" + program("tune").string() +
                                "' run c.yaml --json --dir study-" + signal;
    const auto run = run_process({"sh", "-c", command}, directory.path().string());
    CHECK(run.exit_code == code);
    CHECK(has(run.err, "go on with: tune resume study-" + std::string(signal)));
    CHECK(nlohmann::json::parse(run.out).at("study").at("status") == "InProgress");
    const auto resumed = tune({"resume", "study-" + std::string(signal), "--json"}, directory);
    CHECK(resumed.exit_code == 0);
    const auto json = nlohmann::json::parse(resumed.out);
    CHECK(json.at("counts").at("Completed") == 2);
    CHECK(json.at("trials")[0].at("attempts").size() == 2);
    CHECK(json.at("trials")[0].at("attempts")[0].at("end_reason") == "interrupted");
    std::filesystem::remove(directory / "interrupted");
  }
}

TEST_CASE("compare runs both arms and goes on where it was") {
  const TempDir directory;
  directory.write("climb.sh", kClimb);
  directory.write("c.yaml", config("climb.sh", 4, "early_stopping: {name: median, min_trials: 2}\n"));
  const auto first = tune({"compare", "c.yaml", "--json", "--quiet"}, directory);
  CHECK(first.exit_code == 0);
  const auto json = nlohmann::json::parse(first.out);
  CHECK(json.at("arms")[0].at("name") == "off");
  CHECK(json.at("arms")[1].at("name") == "median");
  CHECK(json.at("arms")[0].at("counts").at("Completed") == 4);
  CHECK(json.at("difference").at("training_seconds").is_number());
  const auto again = tune({"compare", "c.yaml"}, directory);
  CHECK(again.exit_code == 2);
  CHECK(has(again.err, "--resume"));
  // The second arm's directory is looked at before the first arm is started.
  std::filesystem::remove_all(directory / "runs/demo/off");
  CHECK(tune({"compare", "c.yaml"}, directory).exit_code == 2);
  CHECK_FALSE(std::filesystem::exists(directory / "runs/demo/off"));
  CHECK(tune({"compare", "c.yaml", "--resume", "--quiet"}, directory).exit_code == 0);
  std::filesystem::remove_all(directory / "runs/demo/median");
  CHECK(nlohmann::json::parse(tune({"compare", "c.yaml", "--json", "--resume"}, directory).out)
            .at("arms")[1]
            .at("counts")
            .at("trials") == 4);
  const auto two = tune({"compare", "runs/demo/off", "runs/demo/median"}, directory);
  CHECK(two.exit_code == 0);
  CHECK(has(two.out, "training hours until within 1 % of the better best"));
}

TEST_CASE("rules made of rules: the one that stopped a trial is named; a resumed study has the same") {
  const TempDir directory;
  // Trial 1 stays where it is after its second epoch, the others climb.
  directory.write("flat.sh",
                  "for e in 1 2 3 4; do\n"
                  "  if [ $TUNE_TRIAL_ID = 1 ] && [ $e -gt 2 ]; then echo \"epoch $e acc=2\"; else echo \"epoch $e acc=$e\"; fi\n"
                  "done; [ $TUNE_TRIAL_ID = 1 ] && sleep 60; exit 0\n");
  directory.write("c.yaml", config("flat.sh", 2, "early_stopping: {name: all_of, rules: [threshold]}\n"));
  const auto wrong = tune({"run", "c.yaml"}, directory);
  CHECK(wrong.exit_code == 2);
  CHECK(has(wrong.err, "early_stopping.rules[0]: lower and upper: missing; allowed: one of them, or both"));

  const std::string rules = "{name: any_of, rules: [median, {name: all_of, rules: ['patience', {name: threshold, lower: 3}]}]}";
  directory.write("c.yaml", config("flat.sh", 2, "early_stopping: " + rules + "\n"));
  CHECK(has(tune({"check", "c.yaml"}, directory).out, "any_of (rules [median ("));
  const std::string given =
      "{name: any_of, rules: [median, {name: all_of, rules: [{name: patience, patience: 1}, {name: threshold, lower: 3}]}]}";
  const auto run = tune({"run", "c.yaml", "--early-stopping", given, "--json", "--quiet", "--max-trials", "1"}, directory);
  CHECK(run.exit_code == 0);
  const auto more = tune({"resume", "runs/demo", "--max-trials", "2", "--json", "--quiet"}, directory);
  CHECK(more.exit_code == 0);
  const auto json = nlohmann::json::parse(more.out);
  CHECK(json.at("study").at("early_stopping") == "any_of (median, all_of (patience, threshold))");
  CHECK(json.at("trials")[0].at("status") == "Stopped");
  CHECK(json.at("trials")[0].at("stop_reason") == "all_of");
  CHECK(json.at("trials")[1].at("status") == "Completed");
  const std::string why = tune({"why", "runs/demo", "1"}, directory).out;
  CHECK(has(why, "the rule all_of stopped it: patience: 1 value since acc last improved by more than 0, to 2 at step 2"));
  CHECK(has(why, "; threshold: acc 2 at step 3 is below the lower bound 3"));
  CHECK(has(why, "\n  It would have gone on with acc above 2 at that step.\n"));  // for patience
}

TEST_CASE("why says what would have had to differ, by the study as it was then") {
  const TempDir directory;
  directory.write("climb.sh", kClimb);
  directory.write("c.yaml", config("climb.sh", 4,
                                   "initial: [{x: 100}, {x: 50}, {x: 900}, {x: 60}]\n"
                                   "early_stopping: {name: median, min_trials: 1, warmup: 2}\n"));
  REQUIRE(tune({"run", "c.yaml", "--quiet"}, directory).exit_code == 0);
  // At step 2 trial 1 has the average (100 + 200) / 2; when trial 4 was judged trial 3 had completed too, (900 + 1800) / 2.
  CHECK(has(tune({"why", "runs/demo", "2"}, directory).out, "It would have gone on with acc 150 or more at that step."));
  CHECK(has(tune({"why", "runs/demo", "4"}, directory).out, "It would have gone on with acc 750 or more at that step."));
  CHECK_FALSE(has(tune({"why", "runs/demo", "3"}, directory).out, "would have"));
}

TEST_CASE("a rule that pauses trials needs steps that are said: a config error, or one of the command line") {
  const TempDir directory;
  directory.write("climb.sh", kClimb);
  std::string text = config("climb.sh", 3, "early_stopping: {name: asha, mode: promote}\n");
  directory.write("steps.yaml", text);
  CHECK(tune({"check", "steps.yaml"}, directory).exit_code == 0);
  const std::string step = ", step: 'epoch (\\d+)'";
  text.erase(text.find(step), step.size());
  directory.write("none.yaml", text);
  const auto none = tune({"check", "none.yaml"}, directory);
  CHECK(none.exit_code == 2);
  CHECK(has(none.err, "none.yaml:10:17: early_stopping: pauses trials, which go on with a later step"));
  CHECK(has(none.err, "allowed: with a `step` pattern in the definition of 'acc', or with `@tune` lines that hold the step"));
  text.resize(text.find("early_stopping"));
  directory.write("off.yaml", text);
  const auto given = tune({"run", "off.yaml", "--early-stopping", "asha:mode=promote"}, directory);
  CHECK(given.exit_code == 2);
  CHECK(has(given.err, "--early-stopping: asha:mode=promote pauses trials"));
  CHECK(tune({"run", "off.yaml", "--early-stopping", "asha", "--dry-run"}, directory).exit_code == 0);
}

TEST_CASE("a session answers line by line") {
  const TempDir directory;
  directory.write("c.yaml",
                  "name: demo\nobjective: {metric: acc, goal: maximize}\nparameters: {x: {type: float, min: 0, max: 1}}\n"
                  "limits: {max_trials: 1}\n");
  const std::string requests =
      "{\"ask\":1,\"id\":5}\n{\"report\":1,\"step\":1,\"value\":0.5}\n{\"tell\":1}\nnonsense\n{\"ask\":1}";
  const auto session = run_process({program("tune").string(), "session", "c.yaml"}, directory.path().string(), requests);
  CHECK(session.exit_code == 0);
  std::vector<nlohmann::json> answers;
  for (std::size_t start = 0; start < session.out.size();) {
    const std::size_t end = session.out.find('\n', start);
    answers.push_back(nlohmann::json::parse(session.out.substr(start, end - start)));
    start = end + 1;
  }
  REQUIRE(answers.size() == 5);
  CHECK(answers[0].at("id") == 5);
  CHECK(answers[1].at("decision") == "continue");
  CHECK(answers[2].at("ok") == true);
  CHECK(answers[3].contains("error"));
  CHECK(answers[4].at("exhausted") == true);
}

TEST_CASE("a disk that is full or a place that cannot be written is exit code 5") {
  const TempDir directory;
  directory.write("climb.sh", kClimb);
  directory.write("c.yaml", config("climb.sh", 1));
  directory.write("file", "");
  const auto blocked = tune({"run", "c.yaml", "--dir", "file/study"}, directory);
  CHECK(blocked.exit_code == 5);
  CHECK(has(blocked.err, "file"));
  const auto full =
      run_process({"sh", "-c", "'" + program("tune").string() + "' version > /dev/full"}, directory.path().string());
  CHECK(full.exit_code == 5);
  CHECK(has(full.err, "standard output cannot be written"));
}

TEST_CASE("init prints a config that check accepts, and never overwrites") {
  const TempDir directory;
  directory.write("train.py", "lr = 1\nfor epoch in range(1, 4):\n    print(f'epoch {epoch}: val_acc={lr}')\n");
  const auto printed = tune({"init", "train.py"}, directory);
  CHECK(printed.exit_code == 0);
  CHECK(has(printed.out, "val_acc"));
  CHECK(tune({"init", "train.py", "-o", "new.yaml"}, directory).exit_code == 0);
  CHECK(read_file(directory / "new.yaml") == printed.out);
  CHECK(tune({"check", "new.yaml"}, directory).exit_code == 0);
  const auto again = tune({"init", "train.py", "-o", "new.yaml"}, directory);
  CHECK(again.exit_code == 2);
  CHECK(has(again.err, "there already"));
  CHECK(tune({"init", "absent.py"}, directory).exit_code != 0);
}

}  // namespace
}  // namespace tune::test
