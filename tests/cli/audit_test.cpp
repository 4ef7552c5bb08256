#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "tests/cli/cli_support.hpp"

/// The audit through the program: from the key in the config to the figures in the report.
namespace tune::test {
namespace {

/// Thirty runs that climb to x; the median rule may judge from the first step on.
std::string config(const std::string& stopping) {
  return "name: demo\nobjective: {metric: acc, goal: maximize}\nparameters:\n  x: {type: int, min: 1, max: 1000}\n"
         "strategy: {name: random, seed: 7}\nlimits: {max_trials: 30}\nmax_step: 4\ndeterministic: true\n"
         "command: [sh, climb.sh, \"{x}\"]\nmetrics: [{name: acc, regex: 'acc=(\\S+)', step: 'epoch (\\d+)'}]\n"
         "early_stopping: " +
         stopping + "\n";
}

TEST_CASE("audit: 100% lets every trial run on and tells what stopping would have cost") {
  const TempDir directory;
  directory.write("climb.sh", "for e in 1 2 3 4; do echo \"epoch $e acc=$(($1 * $e))\"; done\n");
  directory.write("c.yaml", config("{name: median, min_trials: 1, references: reached, warmup: 1, percentile: 90, audit: 100%}"));
  CHECK(has(tune({"check", "c.yaml"}, directory).out, ", audit 100 %"));
  const auto run = tune({"run", "c.yaml", "--json"}, directory);
  REQUIRE_MESSAGE(run.exit_code == 0, run.err);
  CHECK(has(run.err, "spared by the audit: it goes on"));
  const auto json = nlohmann::json::parse(run.out);
  CHECK(json.at("counts").at("Completed") == 30);
  const auto& audit = json.at("audit");
  CHECK(audit.at("audited").get<int>() >= 20);
  CHECK(audit.at("stopped") == 0);
  // Curves of this shape never cross: whoever is worse on the way is worse at the end.
  CHECK(audit.at("false_stops") == 0);
  CHECK(audit.at("interval").at("low") == 0.0);
  int spared = 0;
  int first = 0;
  for (const auto& trial : json.at("trials")) {
    spared += !trial.at("spared_at_step").is_null();
    if (first == 0 && !trial.at("spared_at_step").is_null()) first = trial.at("trial").get<int>();
  }
  CHECK(audit.at("spared") == spared);
  CHECK(has(tune({"report", "runs/demo"}, directory).out, "false-stop rate 0 % (95 %: 0 % to "));
  CHECK(has(tune({"why", "runs/demo", std::to_string(first)}, directory).out, "would have stopped it"));
  const auto pooled = nlohmann::json::parse(tune({"report", "runs/demo", "runs/demo", "--format", "json"}, directory).out);
  CHECK(pooled.at("pooled").at("audit").at("audited") == 2 * spared);
  CHECK(has(tune({"report", "runs/demo", "runs/demo"}, directory).out, "The 2 studies together\naudit "));
}

TEST_CASE("a rule without a default audit has none, and a percentage without its sign is refused") {
  const TempDir directory;
  directory.write("climb.sh", "for e in 1 2 3 4; do echo \"epoch $e acc=$(($1 * $e))\"; done\n");
  directory.write("c.yaml", config("{name: median, min_trials: 1, warmup: 1}"));
  const auto run = tune({"run", "c.yaml", "--json", "--quiet"}, directory);
  const auto json = nlohmann::json::parse(run.out);
  CHECK(json.at("audit").at("spared") == 0);
  CHECK(json.at("audit").at("stopped").get<int>() > 0);
  CHECK(json.at("audit").at("expected_false_stops").is_number());
  directory.write("bad.yaml", config("{name: median, audit: 5}"));
  const auto bad = tune({"check", "bad.yaml"}, directory);
  CHECK(bad.exit_code == 2);
  CHECK(has(bad.err, "early_stopping.audit: given 5; allowed: a share as 5% or 0.05"));
}

}  // namespace
}  // namespace tune::test
