#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "tests/cli/cli_support.hpp"

/// How studies end, through the program: the reason, and the numbers it rests on, in the report's text and JSON.
namespace tune::test {
namespace {

using nlohmann::json;

/// A study of a shell script that prints one value; `ends` is the config's limits and completion.
struct Study {
  explicit Study(const std::string& script, const std::string& ends, const std::string& more = "") {
    directory.write("trial.sh", script);
    directory.write("c.yaml",
                    "name: demo\nobjective: {metric: acc, goal: maximize}\nparameters:\n  x: {type: int, min: 1, max: 1000}\n"
                    "strategy: {name: random, seed: 7}\ncommand: [sh, trial.sh, \"{x}\"]\n" +
                        ends + more);
  }

  ProcessResult tune(std::vector<std::string> arguments, const std::vector<std::string>& environment = {}) const {
    arguments.insert(arguments.begin(), program("tune").string());
    return run_process(arguments, directory.path().string(), "", environment);
  }
  json run(int exit_code = 0) const {
    const auto done = tune({"run", "c.yaml", "--json", "--quiet"});
    REQUIRE_MESSAGE(done.exit_code == exit_code, done.err);
    // A replayed journal says the same.
    CHECK(tune({"report", "runs/demo", "--format", "json"}).out == done.out);
    return json::parse(done.out);
  }
  std::string text() const { return tune({"report", "runs/demo"}).out; }

  TempDir directory;
};

constexpr const char* kPrint = "echo \"@tune {\\\"acc\\\": $1}\"\n";
/// The first trial is the best there is.
constexpr const char* kFirstBest = "[ $TUNE_TRIAL_ID = 1 ] && echo '@tune {\"acc\": 5000}' || echo \"@tune {\\\"acc\\\": $1}\"\n";

TEST_CASE("max_trials: how many there were, and the limit") {
  const Study study(kPrint, "limits: {max_trials: 3}\n");
  const json report = study.run();
  CHECK(report.at("study").at("ending") == json{{"reason", "max_trials"}, {"numbers", {{"trials", 3}, {"limit", 3}}}});
  CHECK(has(study.text(), "ended       3 trials; limits.max_trials is 3\n"));
}

TEST_CASE("target: the trial that reached it, its value and the target") {
  const Study study(kFirstBest, "limits: {max_trials: 30}\ncompletion: {target: 1001.5}\n");
  const json ending = study.run().at("study").at("ending");
  CHECK(ending == json{{"reason", "target"}, {"numbers", {{"best", 5000}, {"trial", 1}, {"target", 1001.5}}}});
  CHECK(has(study.text(), "ended       trial 1 reached 5000; the target is 1001.5\n"));
}

TEST_CASE("not_improving: how many since the best") {
  const Study study(kFirstBest, "completion: {not_improving: 4}\n");
  const json report = study.run();
  CHECK(report.at("trials").size() == 5);
  CHECK(report.at("study").at("ending") ==
        json{{"reason", "not_improving"}, {"numbers", {{"trials_since_best", 4}, {"limit", 4}, {"best", 5000}, {"trial", 1}}}});
  CHECK(has(study.text(), "4 trials ended since the best, 5000 of trial 1, and none was better; completion.not_improving is 4"));
}

TEST_CASE("converged: by what came out alone where the strategy says no expectation") {
  const Study study(kFirstBest, "limits: {max_parallel: 2}\ncompletion: {converged: true}\n");
  const json report = study.run();
  const json& ending = report.at("study").at("ending");
  CHECK(ending.at("reason") == "converged");
  CHECK(ending.at("numbers").at("trials") == 20);
  CHECK(ending.at("numbers").at("improvement") == 0);
  CHECK(report.at("counts").at("Completed") >= 21);
  CHECK(has(study.text(), "the strategy says no expectation, so this alone decided"));
}

TEST_CASE("max_failures: a study that failed") {
  const Study study("exit 7\n", "limits: {max_trials: 30, max_failures: 2}\n");
  const json ending = study.run(3).at("study").at("ending");
  CHECK(ending == json{{"reason", "max_failures"}, {"numbers", {{"failed_in_a_row", 2}, {"limit", 2}}}});
  CHECK(has(study.text(), "2 trials in a row failed; limits.max_failures is 2"));
}

TEST_CASE("a study that is over may go on, and then says another ending") {
  const Study study(kPrint, "limits: {max_trials: 2}\n");
  study.run();
  const auto more = study.tune({"resume", "runs/demo", "--max-trials", "3", "--json", "--quiet"});
  CHECK(json::parse(more.out).at("study").at("ending").at("numbers").at("limit") == 3);
}

TEST_CASE("max_gpu_hours: the GPUs of all attempts times their time, running ones included") {
  const TempDir machine;
  std::string gpus;
  for (int i = 0; i < 16; ++i) gpus += "GPU-" + std::to_string(i) + " 0\n";
  const std::vector<std::string> environment{std::string("TUNE_NVML_LIBRARY=") + TUNE_FAKE_NVML_LIBRARY,
                                             "TUNE_FAKE_NVML=" + machine.write("gpus", gpus)};
  // Trial 1 is over at once, trial 2 never: it is what uses the hours up.
  const Study study("echo \"@tune {\\\"acc\\\": $1}\"; [ $TUNE_TRIAL_ID = 1 ] || sleep 600\n",
                    "limits: {max_trials: 9, max_gpu_hours: 0.001, grace: 1}\nresources: {gpus_per_trial: 16}\n");
  const auto done = study.tune({"run", "c.yaml", "--json", "--quiet"}, environment);
  REQUIRE_MESSAGE(done.exit_code == 0, done.err);
  const json report = json::parse(done.out);
  const json& ending = report.at("study").at("ending");
  CHECK(ending.at("reason") == "max_gpu_hours");
  CHECK(ending.at("numbers").at("limit") == 0.001);
  const double used = ending.at("numbers").at("gpu_hours");
  CHECK(used >= 0.001);
  CHECK(report.at("trials").back().at("stop_reason") == "budget");
  double counted = 0.0;
  for (const json& trial : report.at("trials")) counted += trial.at("gpu_seconds").get<double>();
  // The same hours: the ledger has the moments until the trial was gone, too, and not those for which the end of the first one
  // was not known yet.
  CHECK(counted / 3600.0 >= 0.5 * used);
  CHECK(has(study.text(), " GPU-hours were used; limits.max_gpu_hours is 0.001\n"));

  // Nothing is started again for hours that are used up.
  const auto again = study.tune({"resume", "runs/demo", "--max-trials", "10", "--json", "--quiet"}, environment);
  CHECK(json::parse(again.out).at("trials").size() == report.at("trials").size());
  CHECK(json::parse(again.out).at("study").at("stop_reason") == "max_gpu_hours");
}

TEST_CASE("max_gpu_hours for trials without GPUs is refused, or noted where nobody can know") {
  const auto check = [](const std::string& more) {
    const Study study(kPrint, "limits: {max_trials: 9, max_gpu_hours: 1.5}\n", more);
    return study.tune({"check", "c.yaml"});
  };
  for (const char* none : {"resources: {gpus_per_trial: 0}\n", "resources: {gpus: []}\n"}) {
    const auto refused = check(none);
    CHECK(refused.exit_code == 2);
    CHECK(has(refused.err, "c.yaml:7:40: limits.max_gpu_hours: counts nothing, for trials are given no GPUs"));
  }
  const auto noted = check("");
  CHECK(noted.exit_code == 0);
  CHECK(has(noted.out, "note: limits.max_gpu_hours counts nothing where no GPU is found"));
  CHECK(has(noted.out, "1.5 GPU-hours"));
  const auto sure = check("resources: {gpus_per_trial: 1}\n");
  CHECK(sure.exit_code == 0);
  CHECK_FALSE(has(sure.out, "note: limits"));
  const Study endless(kPrint, "limits: {max_gpu_hours: 1}\n");
  CHECK(has(endless.tune({"check", "c.yaml"}).err, "limits.max_trials: missing"));
  const Study ends(kPrint, "limits: {max_gpu_hours: 1}\nresources: {gpus_per_trial: 1}\n");
  CHECK(ends.tune({"check", "c.yaml"}).exit_code == 0);
}

}  // namespace
}  // namespace tune::test
