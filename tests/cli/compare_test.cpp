#include <doctest/doctest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "tests/cli/cli_support.hpp"

/// Comparisons through the program: any two settings, several seeds, what is refused.
namespace tune::test {
namespace {

std::string config(const std::string& more = "") {
  return "name: demo\nobjective: {metric: acc, goal: maximize}\nparameters:\n  x: {type: int, min: 1, max: 1000}\n"
         "strategy: {name: random, seed: 7}\nlimits: {max_trials: 6}\nmax_step: 4\ndeterministic: true\n"
         "command: [sh, climb.sh, \"{x}\"]\nmetrics: [{name: acc, regex: 'acc=(\\S+)', step: 'epoch (\\d+)'}]\n" +
         more;
}

void prepare(const TempDir& directory) {
  directory.write("climb.sh", "for e in 1 2 3 4; do echo \"epoch $e acc=$(($1 * $e))\"; done\n");
  directory.write("c.yaml", config());
}

constexpr const char* kRule = "early_stopping=median:min_trials=1,warmup=1,references=reached";

TEST_CASE("two settings, two seeds: pairs, a picture, and going on") {
  const TempDir directory;
  prepare(directory);
  const std::vector<std::string> arguments{
      "compare", "c.yaml", "--a",   "early_stopping=off", "--b",   kRule, "--b", "early_stopping.protect_best=1",
      "--seeds", "2",      "--svg", "best.svg",           "--json"};
  const auto run = tune(arguments, directory);
  REQUIRE_MESSAGE(run.exit_code == 0, run.err);
  CHECK(has(run.err, "tune: arm early_stopping=off in runs/demo/seed-7/a\n"));
  const auto json = nlohmann::json::parse(run.out);
  REQUIRE(json.at("pairs").size() == 2);
  CHECK(json.at("pairs")[0].at("seed") == 7);
  CHECK(json.at("pairs")[1].at("seed") == 8);
  for (const auto& pair : json.at("pairs")) {
    CHECK(pair.at("arms")[0].at("counts").at("Completed") == 6);
    CHECK(pair.at("arms")[1].at("counts").at("Stopped").get<int>() > 0);
    CHECK(pair.at("arms")[1].at("early_stopping") == "median");
    CHECK(pair.at("saved").at("estimated_seconds").is_number());
    // Random search proposes the same, and curves that never cross lose no winner.
    CHECK(pair.at("arms")[0].at("best").at("value") == pair.at("arms")[1].at("best").at("value"));
  }
  CHECK(json.at("paired").at("best_value").at("shown") == false);
  CHECK(read_file(directory / "best.svg").starts_with("<svg "));
  CHECK(has(read_file(directory / "runs/demo/seed-8/b/config.yaml"), "# with early_stopping.protect_best=1\n"));

  const auto again = tune(arguments, directory);
  CHECK(again.exit_code == 2);
  CHECK(has(again.err, "holds a study already; go on with the comparison by: tune compare c.yaml --resume --dir runs/demo --a "));
  auto resumed = arguments;
  resumed.back() = "--resume";
  std::filesystem::remove_all(directory / "runs/demo/seed-8/b");
  const auto more = tune(resumed, directory);
  REQUIRE_MESSAGE(more.exit_code == 0, more.err);
  CHECK(has(more.out, "means of 2 seeds, paired by seed"));
  CHECK(has(more.out, "Best value: no difference could be shown\n"));
  CHECK(has(more.out, "Hours saved by early stopping: "));
}

TEST_CASE("two configs") {
  const TempDir directory;
  prepare(directory);
  directory.write("few.yaml", config("initial: [{x: 500}]\n"));
  const auto run = tune({"compare", "c.yaml", "few.yaml", "--quiet"}, directory);
  REQUIRE_MESSAGE(run.exit_code == 0, run.err);
  CHECK(has(run.out, " c "));
  CHECK(has(run.out, " few "));
  CHECK(has(run.out, "No difference could be shown: one pair of runs is one\nsample."));
  CHECK(tune({"compare", "runs/demo/a", "runs/demo/b", "--quiet"}, directory).exit_code == 0);
}

TEST_CASE("what cannot be compared is refused before anything starts") {
  const TempDir directory;
  prepare(directory);
  struct Case {
    std::vector<std::string> arguments;
    std::string message;
  };
  const std::vector<Case> cases{
      {{"c.yaml", "--a", "max_step=4"}, "both arms have the same settings"},
      {{"c.yaml", "c.yaml"}, "both arms have the same settings"},
      {{"c.yaml", "--b", "early_stopping=medain"}, "early_stopping: given 'medain'"},
      {{"c.yaml", "--b", "limits.max_trails=4"}, "did you mean 'max_trials'?"},
      {{"c.yaml", "--b", "early_stopping"}, "allowed: KEY=VALUE"},
      {{"c.yaml", "--b", "name.x=4"}, "the config has no map at name"},
      {{"c.yaml", "--b", "limits={max_trials: 3"}, "'limits={max_trials: 3'"},
      {{"c.yaml", "--b", "objective={metric: acc, goal: minimize}"}, "different objectives"},
      {{"c.yaml", "--b", kRule, "--early-stopping", "median"}, "--early-stopping is for both arms"},
      {{"c.yaml", "--b", kRule, "--svg", "nowhere/x.svg"}, "there is no directory nowhere"},
      {{"c.yaml", "."}, "given a directory and a file"},
      {{".", ".", "--seeds", "2"}, "are for configs"},
      {{"c.yaml", "--b", kRule, "--seeds", "0"}, "--seeds"},
  };
  for (const Case& one : cases) {
    std::vector<std::string> arguments{"compare"};
    arguments.insert(arguments.end(), one.arguments.begin(), one.arguments.end());
    CAPTURE(one.message);
    const auto run = tune(arguments, directory);
    CHECK(run.exit_code == 2);
    CHECK_MESSAGE(has(run.err, one.message), run.err);
    CHECK_FALSE(std::filesystem::exists(directory / "runs"));
  }
}

}  // namespace
}  // namespace tune::test
