#include <doctest/doctest.h>

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "engine/config/config.hpp"
#include "tests/engine/config/small_schema.hpp"
#include "tests/engine/config/test_registry.hpp"
#include "tests/support/test_support.hpp"

using namespace tune;
using namespace tune::engine;
namespace fs = std::filesystem;

namespace {

std::vector<fs::path> yaml_files(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() == ".yaml") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

nlohmann::json yaml_as_json(const std::string& text) {
  const YamlDocument document = parse_yaml(text);
  REQUIRE(document.complete);
  return test::as_json(document.root);
}

/// Whether a generated file says what the tables say; TUNE_UPDATE_EXPECTED=1 writes it anew.
void check_generated(const fs::path& file, const std::string& wanted) {
  CAPTURE(file.string());
  if (std::getenv("TUNE_UPDATE_EXPECTED") != nullptr) std::ofstream(file, std::ios::binary) << wanted;
  CHECK_MESSAGE(test::read_file(file) == wanted,
                "out of date: TUNE_UPDATE_EXPECTED=1 build/debug/bin/test_engine_config writes it anew");
}

}  // namespace

TEST_CASE("every config that comes with tune passes the parser and the schema") {
  const Registry registry = builtin();
  const nlohmann::json schema = nlohmann::json::parse(schema_json(registry));
  const auto files = yaml_files(test::source_dir() / "configs");
  CHECK(files.size() >= 4);
  for (const fs::path& file : files) {
    CAPTURE(file.string());
    const ConfigContext context{.working_directory = test::source_dir().string(), .program_directory = ""};
    const auto loaded = load_config(file.string(), registry, context);
    // Data sets need not be here.
    std::istringstream errors(loaded.status().message());
    for (std::string line; std::getline(errors, line);)
      CHECK_MESSAGE(line.find("allowed: a path that exists") != std::string::npos, line);
    if (loaded) CHECK(loaded->notes.empty());
    CHECK(test::schema_error(schema, yaml_as_json(test::read_file(file))) == "");
  }
}

TEST_CASE("the schema refuses what the parser refuses, but for what only a program can see") {
  const nlohmann::json schema = nlohmann::json::parse(schema_json(test::config_registry()));
  for (const char* name : {"unknown_keys", "wrong_values", "planned", "audit", "sagemaker", "command_shape", "initial_shape",
                           "missing", "empty", "no_map"}) {
    CAPTURE(name);
    const fs::path file = test::source_dir() / "tests/engine/config/bad" / (std::string(name) + ".yaml");
    CHECK(test::schema_error(schema, yaml_as_json(test::read_file(file))) != "");
  }
  const std::string base =
      "name: s\nobjective: {metric: m, goal: maximize}\nparameters: {x: {type: float, min: 0, max: 1}}\nlimits: {max_trials: "
      "1}\n";
  const auto both = [&](const std::string& more) {
    const std::string text = base + more;
    const bool schema_ok = test::schema_error(schema, yaml_as_json(text)).empty();
    const bool parser_ok =
        parse_config(text, "c", test::config_registry(), {.working_directory = "/", .program_directory = ""}).ok();
    CAPTURE(text);
    CHECK(schema_ok == parser_ok);
    return schema_ok && parser_ok;
  };
  const std::string run = "command: [t]\n";
  for (const char* good : {"",
                           "strategy: random\n",
                           "strategy: {seed: 4, warp: false}\n",
                           "strategy: {name: grid, points: {x: 3}}\n",
                           "early_stopping: 'off'\n",
                           "early_stopping: {name: median, warmup: 20%}\n",
                           "early_stopping: {name: median, warmup: 3, min_runtime: 1.5h}\n",
                           "executor: local\n",
                           "executor: {name: local}\n",
                           "metrics: [{Name: m, Regex: '(.)'}]\n",
                           "metrics:\n",
                           "static:\n",
                           "resources: {gpus: [], cpus_per_trial: 1}\n",
                           "early_stopping: {name: median, variant: optuna, n_startup_trials: 2, protect_best: 1}\n",
                           "early_stopping: {name: median, variant: ray}\n",
                           "early_stopping: {name: asha, variant: ray}\n",
                           "early_stopping: {name: any_of, rules: [median, {name: median, variant: ray}], explain: all}\n",
                           "early_stopping: {name: any_of, rules: [{name: any_of, rules: [median]}]}\n",
                           "rules:\n",
                           "rules: []\n",
                           "rules: [{name: Fever, metrics: 'temp.*', action: stop}, {name: Fever, metrics: t, threshold: 40}]\n",
                           "resources: {gpus: auto}\n",
                           "completion:\n",
                           "static: {a: 1, b: x, c: true}\n",
                           "initial:\n",
                           "initial: []\n",
                           "initial: [{x: 0.5}, {x: 1}]\n"}) {
    CHECK(both(run + good));
  }
  for (const char* bad : {"strategy: nothing\n",
                          "strategy: {name: random, warp: true}\n",
                          "strategy: {name: bayesian, initial_points: 0}\n",
                          "early_stopping: {min_trials: 4}\n",
                          "early_stopping: {name: median, warmup: 20}\nexecutor: remote\n",
                          "executor:\n",
                          "metrics: [{Name: m, name: m, regex: '(.)'}]\n",
                          "metrics: [5]\n",
                          "trainer: image_classification\n",
                          "max_step: 1.5\n",
                          "resources: {gpus: some}\n",
                          "initial: {x: 0.5}\n",
                          "initial: [{}]\n",
                          "initial: [0.5]\n",
                          "initial: [{x: [1]}]\n",
                          "early_stopping: {name: median, variant: nni}\n",
                          "early_stopping: {name: median, variant: optuna, min_trials: 2}\n",
                          "early_stopping: {name: median, n_startup_trials: 2}\n",
                          "early_stopping: {name: median, variant: 3}\n",
                          "early_stopping: {variant: optuna}\n",
                          "rules: [Fever]\n",
                          "rules: {name: Fever, metrics: t}\n",
                          "rules: [{name: Fever}]\n",
                          "rules: [{metrics: t}]\n",
                          "rules: [{name: Cough, metrics: t}]\n",
                          "rules: [{name: Fever, metrics: t, action: panic}]\n",
                          "rules: [{name: Fever, metrics: t, threshold: -1}]\n",
                          "early_stopping: any_of\n",
                          "early_stopping: {name: any_of, rules: []}\n",
                          "early_stopping: {name: any_of, rules: [median, 'off']}\n",
                          "early_stopping: {name: any_of, rules: [{name: median, explain: all}]}\n",
                          "early_stopping: {name: any_of, rules: [{name: any_of, rules: [medain]}]}\n",
                          "early_stopping: asha\n",
                          "early_stopping: {name: median, warmup: 120%x}\n",
                          "deterministic: yes\n",
                          "x: 1\n"}) {
    CHECK(!both(run + bad));
  }
  CHECK(!both(""));
  CHECK(both("trainer: image_classification\n"));
}

TEST_CASE("the published schema and the reference are those of the tables") {
  const Registry registry = builtin();
  check_generated(test::source_dir() / "configs/tune.schema.json", schema_json(registry));

  const fs::path reference = test::source_dir() / "docs/configuration.md";
  const std::string text = test::read_file(reference);
  const std::string begin = "<!-- begin: made from the key tables -->\n";
  const std::string end = "<!-- end: made from the key tables -->\n";
  const auto from = text.find(begin);
  const auto to = text.find(end);
  REQUIRE(from != std::string::npos);
  REQUIRE(to != std::string::npos);
  check_generated(reference, text.substr(0, from + begin.size()) + "\n" + options_markdown(registry) + "\n" + text.substr(to));
}
