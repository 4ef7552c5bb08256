#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "tests/cli/cli_support.hpp"

/// `tune replay` through the program.
namespace tune::test {
namespace {

/// Thirty straight lines: the higher the number, the better all along.
std::string lines() {
  std::string text = "id,y1,y2,y3,y4,y5,y6,y7,y8,y9,y10\n";
  for (int i = 1; i <= 30; ++i) {
    text += std::to_string(i);
    for (int step = 1; step <= 10; ++step) text += "," + std::to_string(i * step);
    text += "\n";
  }
  return text;
}

TEST_CASE("rules on a CSV: a table, and the JSON of the contract") {
  const TempDir directory;
  directory.write("lines.csv", lines());
  const std::vector<std::string> arguments{"replay",           "lines.csv",
                                           "--goal",           "maximize",
                                           "--early-stopping", "off",
                                           "--early-stopping", "median",
                                           "--trials",         "20",
                                           "--repeats",        "30",
                                           "--early-stopping", "median:variant=optuna,n_startup_trials=2"};
  const auto table = tune(arguments, directory);
  CHECK(table.exit_code == 0);
  CHECK(table.err.empty());
  CHECK(has(table.out, "30 curves of up to 10 steps, maximize"));
  CHECK(has(table.out, "median:variant=optuna,n_startup_trials=2"));

  std::vector<std::string> wants_json = arguments;
  wants_json.insert(wants_json.end(), {"--format", "json"});
  const auto result = tune(wants_json, directory);
  REQUIRE(result.exit_code == 0);
  const auto json = nlohmann::json::parse(result.out);
  CHECK(json.at("schema") == 1);
  CHECK(json.at("curves") == 30);
  CHECK(json.at("max_step") == 10);
  REQUIRE(json.at("rows").size() == 3);
  CHECK(json["rows"][0].at("rule") == "off");
  CHECK(json["rows"][0].at("epochs_share") == 1.0);
  CHECK(json["rows"][0].at("regret_mean") == 0.0);
  // Lines that never cross: the best is never lost, and much is saved.
  for (const auto& row : {json["rows"][1], json["rows"][2]}) {
    CHECK(row.at("epochs_share") < 0.8);
    CHECK(row.at("epochs_share_se") > 0.0);
    CHECK(row.at("winner_lost") == 0.0);
    CHECK(row.at("winner_lost_se") == 0.0);
    CHECK(row.at("regret_se") == 0.0);
  }
  CHECK(tune(wants_json, directory).out == result.out);
}

TEST_CASE("rules on a study: its trials that ran to their end, the others are counted") {
  const TempDir directory;
  directory.write("train.sh", "for e in 1 2 3 4; do echo \"epoch $e acc=$(($1 * $e))\"; done\n[ $1 -lt 100 ]\n");
  directory.write("c.yaml",
                  "name: demo\nobjective: {metric: acc, goal: maximize}\nparameters:\n  x: {type: int, min: 1, max: 1000}\n"
                  "strategy: {name: random, seed: 7}\nlimits: {max_trials: 12, max_failures: 12}\nmax_step: 4\n"
                  "command: [sh, train.sh, \"{x}\"]\nmetrics: [{name: acc, regex: 'acc=(\\S+)', step: 'epoch (\\d+)'}]\n");
  REQUIRE(tune({"run", "c.yaml", "--quiet"}, directory).exit_code == 0);
  const auto json = nlohmann::json::parse(
      tune({"replay", "runs/demo", "--early-stopping", "median:min_trials=1,warmup=1", "--format", "json", "--repeats", "20"},
           directory)
          .out);
  CHECK(json.at("curves").get<int>() + json.at("left_out").get<int>() == 12);
  CHECK(json.at("left_out") > 0);
  CHECK(json.at("max_step") == 4);
  CHECK(json["rows"][0].at("seconds_saved") >= 0.0);
  CHECK(json["rows"][0].at("epochs_share") < 1.0);
  const auto other = tune({"replay", "runs/demo", "--goal", "minimize", "--early-stopping", "median"}, directory);
  CHECK(other.exit_code == 2);
  CHECK(has(other.err, "is to maximize acc"));
}

TEST_CASE("the picture of a replay, and a comparison from curves") {
  const TempDir directory;
  directory.write("lines.csv", lines());
  REQUIRE(tune({"replay", "lines.csv", "--goal", "maximize", "--early-stopping", "off", "--early-stopping", "median", "--svg",
                "r.svg"},
               directory)
              .exit_code == 0);
  const std::string picture = read_file(directory / "r.svg");
  CHECK(picture.starts_with("<svg"));
  CHECK(has(picture, "median"));

  const std::vector<std::string> arguments{
      "compare", "--simulate", "lines.csv", "--goal", "maximize", "--max-trials",     "20",
      "--seeds", "3",          "--svg",     "c.svg",  "--json",   "--early-stopping", "median:min_trials=1"};
  const auto result = tune(arguments, directory);
  REQUIRE(result.exit_code == 0);
  const auto json = nlohmann::json::parse(result.out);
  REQUIRE(json.at("pairs").size() == 3);
  for (const auto& pair : json["pairs"]) {
    const auto& arms = pair.at("arms");
    CHECK(arms[0].at("early_stopping") == "off");
    CHECK(arms[0].at("counts").at("Completed") == 20);
    CHECK(arms[0].at("seconds").at("training") == 200.0);
    CHECK(arms[1].at("counts").at("Stopped") > 0);
    CHECK(arms[1].at("seconds").at("training") < 200.0);
    // Lines that never cross: nothing is lost.
    CHECK(arms[0].at("best").at("value") == arms[1].at("best").at("value"));
  }
  CHECK(has(read_file(directory / "c.svg"), "<svg"));
  CHECK(tune(arguments, directory).out == result.out);

  const auto refused = [&](std::vector<std::string> bad, const std::string& part) {
    bad.insert(bad.begin(), "compare");
    const auto answer = tune(bad, directory);
    CAPTURE(answer.err);
    CHECK(answer.exit_code == 2);
    CHECK(has(answer.err, part));
  };
  refused({}, "CONFIG is required");
  refused({"--simulate", "lines.csv"}, "--goal maximize or --goal minimize");
  refused({"--simulate", "lines.csv", "--goal", "maximize", "--b", "strategy=tpe"}, "early_stopping=RULE");
  refused({"--simulate", "lines.csv", "--goal", "maximize", "--b", "early_stopping=off"}, "both arms have the rule off");
  refused({"c.yaml", "--simulate", "lines.csv", "--goal", "maximize"}, "takes the place of CONFIG");
}

TEST_CASE("bad input to replay: exit code 2, a message that says where and what is allowed") {
  const TempDir directory;
  directory.write("lines.csv", lines());
  directory.write("ragged.csv", "id,y1,y2\na,1,2\nb,1\n");
  const auto refused = [&](std::vector<std::string> arguments, const std::string& part) {
    arguments.insert(arguments.begin(), "replay");
    const auto result = tune(arguments, directory);
    CAPTURE(result.err);
    CHECK(result.exit_code == 2);
    CHECK(result.out.empty());
    CHECK(has(result.err, part));
  };
  refused({"lines.csv", "--early-stopping", "median"}, "--goal maximize or --goal minimize");
  refused({"lines.csv", "--goal", "maximize"}, "--early-stopping");
  refused({"lines.csv", "--goal", "maximize", "--early-stopping", "medain"}, "median");
  refused({"lines.csv", "--goal", "maximize", "--early-stopping", "median:percentile=150"}, "percentile");
  refused({"lines.csv", "--goal", "maximize", "--early-stopping", "median:knob=1"}, "knob");
  refused({"lines.csv", "--goal", "maximize", "--early-stopping", "median", "--workers", "0"}, "--workers");
  refused({"ragged.csv", "--goal", "maximize", "--early-stopping", "median"}, "ragged.csv:3: the row has 2 cells");
  refused({"absent.csv", "--goal", "maximize", "--early-stopping", "median"}, "cannot be read");
}

}  // namespace
}  // namespace tune::test
