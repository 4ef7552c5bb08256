#include <doctest/doctest.h>

#include <csignal>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "tests/cli/cli_support.hpp"

/// Health rules and the limit of silence through the program: the worked example of docs/health-rules.md.
namespace tune::test {
namespace {

using Json = nlohmann::json;

/// The gradients of the first layer become a thousandth at every step; the loss does not care. Every trial waits after its last
/// step, unless it is to be stopped by nobody.
constexpr const char* kTrain = R"(import json, sys, time
for step in range(1, 7):
    norm = 10.0 ** (-1 - 2 * step)
    print("@tune " + json.dumps({"step": step, "gradient_norm/fc1": norm, "gradient_norm/fc2": 0.1, "loss": 1.0 / step}), flush=True)
if sys.argv[1] == "wait":
    time.sleep(60)
)";

std::string config(const std::string& more, const std::string& argument = "wait", const std::string& limits = "") {
  return "name: demo\nobjective: {metric: loss, goal: minimize}\nparameters: {x: {type: int, min: 1, max: 1000}}\n"
         "strategy: random\nlimits: {max_trials: 1, max_parallel: 1" +
         limits + "}\nmax_step: 10\ncommand: [python3, train.py, " + argument + ", \"{x}\"]\n" + more;
}

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

}  // namespace

TEST_CASE("a trial whose gradients vanish is stopped by the rule that says stop") {
  const TempDir directory;
  directory.write("train.py", kTrain);
  directory.write("c.yaml", config("rules: [{name: VanishingGradient, metrics: \"gradient_norm/.*\", action: stop}]\n"));
  CHECK(has(tune({"check", "c.yaml"}, directory).out,
            "health rule     VanishingGradient (metrics gradient_norm/.*, threshold 1e-07): stop"));
  const auto run = tune({"run", "c.yaml", "--json"}, directory);
  CHECK(run.exit_code == 0);
  CHECK(has(run.err, "trial 1: gradient_norm/fc1 1e-09 at step 4 is below threshold 1e-07"));
  const Json trial = Json::parse(run.out).at("trials")[0];
  CHECK(trial.at("status") == "Stopped");
  CHECK(trial.at("stop_reason") == "rule:VanishingGradient");
  const std::string why = tune({"why", "runs/demo", "1"}, directory).out;
  CHECK(has(
      why, "At step 4 the health rule VanishingGradient stopped it: gradient_norm/fc1 1e-09 at step 4 is below threshold 1e-07"));
  CHECK(has(why, "It ended Stopped (rule:VanishingGradient)"));
  CHECK(has(tune({"report", "runs/demo"}, directory).out, "rule:VanishingGradient"));
  // The decision is in the journal before the request to stop, and this before the end.
  const std::string journal = read_file(directory / "runs/demo/journal.jsonl");
  CHECK(journal.find("\"op\":\"decision\"") < journal.find("\"op\":\"stop_requested\""));
  CHECK(journal.find("\"op\":\"stop_requested\"") < journal.find("\"op\":\"ended\""));
}

TEST_CASE("a rule that warns says so once, and the trial goes on") {
  const TempDir directory;
  directory.write("train.py", kTrain);
  directory.write("c.yaml", config("rules:\n  - {name: VanishingGradient, metrics: \"gradient_norm/.*\"}\n"
                                   "  - {name: VanishingGradient, metrics: \"gradient_norm/.*\", threshold: 1e-4}\n"
                                   "  - {name: ExplodingTensor, metrics: \".*\", action: stop}\n",
                                   "go"));
  const auto run = tune({"run", "c.yaml"}, directory);
  CHECK(run.exit_code == 0);
  CHECK(has(run.out, "1 Completed"));
  CHECK(count(run.err, "warning (rule:VanishingGradient): gradient_norm/fc1 1e-09 at step 4 is below threshold 1e-07") == 1);
  CHECK(count(run.err, "warning (rule:VanishingGradient 2): gradient_norm/fc1 1e-05 at step 2 is below threshold 1e-04") == 1);
  CHECK(count(run.err, "warning") == 2);
  CHECK(has(run.out,
            "Warnings of health rules\n"
            "  trial 1: VanishingGradient 2: gradient_norm/fc1 1e-05 at step 2 is below threshold 1e-04\n"
            "  trial 1: VanishingGradient: gradient_norm/fc1 1e-09 at step 4 is below threshold 1e-07\n"));
  CHECK(has(tune({"why", "runs/demo", "1"}, directory).out, "At step 4 the health rule VanishingGradient gave a warning: "));
  const Json trial = Json::parse(tune({"report", "runs/demo", "--format", "json"}, directory).out).at("trials")[0];
  CHECK(trial.at("stop_reason").is_null());
  CHECK(trial.at("warnings") == Json::parse(R"([
    {"rule": "VanishingGradient 2", "step": 2, "reason": "gradient_norm/fc1 1e-05 at step 2 is below threshold 1e-04"},
    {"rule": "VanishingGradient", "step": 4, "reason": "gradient_norm/fc1 1e-09 at step 4 is below threshold 1e-07"}])"));
  CHECK(count(read_file(directory / "runs/demo/journal.jsonl"), "\"op\":\"decision\"") == 2);
}

TEST_CASE("health rules judge in a session, too") {
  const TempDir directory;
  directory.write("c.yaml",
                  "name: demo\nobjective: {metric: loss, goal: minimize}\nlimits: {max_trials: 2}\n"
                  "parameters: {x: {type: float, min: 0, max: 1}}\n"
                  "rules: [{name: Overfit, train: loss, validation: val_loss, action: stop}]\n");
  const std::string requests =
      "{\"ask\":1}\n{\"report\":1,\"step\":1,\"value\":0.5,\"metrics\":{\"val_loss\":0.52}}\n"
      "{\"report\":1,\"step\":2,\"value\":0.4,\"metrics\":{\"val_loss\":0.6}}\n{\"tell\":1}\n";
  const auto session = run_process({program("tune").string(), "session", "c.yaml"}, directory.path().string(), requests);
  CHECK(has(session.out, "\"decision\":\"continue\""));
  CHECK(
      has(session.out, "\"decision\":\"stop\",\"rule\":\"rule:Overfit\",\"reason\":\"the validation loss 0.6 at step 2 exceeds"));
}

TEST_CASE("a trial that prints nothing for too long is stopped, also when tune was killed meanwhile") {
  const TempDir directory;
  directory.write("train.py", kTrain);
  directory.write("c.yaml", config("", "wait", ", stalled: 8s"));
  const std::string tune_run = "'" + program("tune").string() + "' run c.yaml --quiet & pid=$!; ";
  // Killed when the trial has said everything; its silence goes on.
  const std::string wait =
      "i=0; until grep -q '\"step\":6' runs/demo/journal.jsonl 2>/dev/null || [ $i = 600 ]; do sleep 0.05; "
      "i=$((i + 1)); done; kill -9 $pid; wait $pid 2>/dev/null; true";
  CHECK(run_process({"sh", "-c", tune_run + wait}, directory.path().string()).exit_code == 0);
  const auto resumed = tune({"resume", "runs/demo", "--json", "--quiet"}, directory);
  CHECK(resumed.exit_code == 0);
  const Json trial = Json::parse(resumed.out).at("trials")[0];
  CHECK(trial.at("status") == "Stopped");
  CHECK(trial.at("stop_reason") == "stalled");
  CHECK(trial.at("attempts").size() == 1);
  CHECK(trial.at("last_step") == 6);
}

}  // namespace tune::test
