#include <doctest/doctest.h>

#include <algorithm>
#include <limits>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "tests/cli/cli_support.hpp"
#include "trainers/log/metric_names.hpp"
#include "tune/report.hpp"

/// That health rules find the metrics of the built-in trainer, with the rules that docs/trainer-files.md gives to paste.
namespace tune::test {
namespace {

using namespace trainer;
using Epoch = std::vector<std::pair<std::string, double>>;

constexpr int kEpochs = 12;

/// The block of YAML that begins with `rules:`.
std::string documented_rules() {
  const std::string text = read_file(source_dir() / "docs" / "trainer-files.md");
  const std::size_t begin = text.find("```yaml\nrules:");
  REQUIRE(begin != std::string::npos);
  const std::size_t first = text.find("rules:", begin);
  return text.substr(first, text.find("```", first) - first);
}

std::set<std::string> names_of(const std::string& rules) {
  std::set<std::string> names;
  constexpr std::string_view kName = "{name: ";
  for (std::size_t at = 0; (at = rules.find(kName, at)) != std::string::npos;) {
    at += kName.size();
    names.insert(rules.substr(at, rules.find(',', at) - at));
  }
  return names;
}

/// What a run prints with which nothing is wrong.
Epoch healthy(int step) {
  return {{std::string(kTrainLoss), 2.0 / step},
          {std::string(kValidationLoss), 2.05 / step},
          {std::string(kValidationAccuracy), 1.0 - 0.5 / step},
          {std::string(kInputMean), 0.001},
          {of_layer(kGradientNorm, "conv1"), 0.5},
          {of_layer(kGradientMeanAbs, "conv1"), 1e-4},
          {of_layer(kGradientRange, "conv1"), 0.02},
          {of_layer(kWeightNorm, "conv1"), 3.0},
          {of_layer(kWeightMeanAbs, "conv1"), 0.1 * step},
          {of_layer(kWeightVariance, "conv1"), 0.04},
          {of_layer(kUpdateRatio, "conv1"), 1e-3},
          {of_layer(kAllZero, "conv1"), 3.0},
          {of_layer(kDeadRelu, "conv1"), 10.0},
          {of_layer(kActivationInputVariance, "conv1"), 1.0},
          {of_layer(kActivationInputVariance, "conv2"), 1.5},
          {of_class(kClassCount, 0), 400.0 * step},
          {of_class(kClassCount, 1), 300.0 * step},
          {of_class(kClassError, 0), 0.2},
          {of_class(kClassError, 1), 0.3}};
}

void set(Epoch& epoch, const std::string& name, double value) {
  const auto found = std::find_if(epoch.begin(), epoch.end(), [&](const auto& pair) { return pair.first == name; });
  REQUIRE_MESSAGE(found != epoch.end(), name);
  found->second = value;
}

/// What `tune run` says of a trial with these epochs, each of which is changed by `change`.
template <class Change>
std::string said_of(const std::string& rules, Change change) {
  std::string log;
  for (int step = 1; step <= kEpochs; ++step) {
    Epoch epoch = healthy(step);
    change(epoch, step);
    log += report_line_of(step, epoch) + "\n";
  }
  const TempDir directory;
  directory.write("log", log);
  directory.write(
      "c.yaml",
      "name: demo\nobjective: {metric: \"validation:accuracy\", goal: maximize}\nparameters: {x: {type: int, min: 1, max: 9}}\n"
      "strategy: random\nlimits: {max_trials: 1}\nmax_step: 12\ncommand: [cat, log]\n" +
          rules);
  const auto run = tune({"run", "c.yaml"}, directory);
  CHECK_MESSAGE(run.exit_code == 0, run.err);
  return run.err + run.out;
}

}  // namespace

TEST_CASE("the documented rules are silent about a healthy run of the built-in trainer") {
  CHECK(names_of(documented_rules()).size() == 13);
  const std::string said = said_of(documented_rules(), [](Epoch&, int) {});
  CHECK_MESSAGE(said.find("rule:") == std::string::npos, said);
}

TEST_CASE("each of the documented rules finds its metric") {
  const std::string rules = documented_rules();
  std::set<std::string> left = names_of(rules);
  const auto finds = [&](const std::string& rule, const std::string& metric, double value) {
    CAPTURE(rule);
    const std::string said = said_of(rules, [&](Epoch& epoch, int) { set(epoch, metric, value); });
    CHECK_MESSAGE(said.find("(rule:" + rule + ")") != std::string::npos, said);
    left.erase(rule);
  };
  finds("ExplodingTensor", of_layer(kGradientNorm, "conv1"), std::numeric_limits<double>::infinity());
  finds("VanishingGradient", of_layer(kGradientMeanAbs, "conv1"), 1e-9);
  finds("WeightUpdateRatio", of_layer(kUpdateRatio, "conv1"), 11.0);
  finds("DeadRelu", of_layer(kDeadRelu, "conv1"), 60.0);
  finds("LossNotDecreasing", std::string(kTrainLoss), 2.0);
  finds("Overtraining", std::string(kValidationLoss), 2.0);
  finds("PoorWeightInitialization", of_layer(kGradientRange, "conv1"), 1e-6);
  finds("PoorWeightInitialization", of_layer(kActivationInputVariance, "conv2"), 40.0);
  finds("ClassImbalance", of_class(kClassError, 1), 0.9);
  finds("ClassImbalance", of_class(kClassCount, 1), 20.0);
  finds("AllZero", of_layer(kAllZero, "conv1"), 100.0);
  finds("UnchangedTensor", of_layer(kWeightMeanAbs, "conv1"), 0.1);
  finds("TensorVariance", of_layer(kWeightVariance, "conv1"), 11.0);
  finds("CheckInputImages", std::string(kInputMean), 0.5);
  finds("Overfit", std::string(kValidationLoss), 3.0);
  CHECK(left.empty());
}

TEST_CASE("with the built-in trainer a rule knows its metrics; without it, or beside metrics of the user's, it does not") {
  const TempDir directory;
  const auto check = [&](const std::string& program, const std::string& rules) {
    directory.write("c.yaml",
                    "name: demo\nobjective: {metric: \"validation:accuracy\", goal: maximize}\n"
                    "parameters: {learning_rate: {type: float, min: 0.1, max: 1}}\nlimits: {max_trials: 1}\n" +
                        program + rules);
    return tune({"check", "c.yaml"}, directory);
  };
  const auto rule_lines = [](const std::string& text) {
    std::string lines;
    for (std::size_t at = 0; (at = text.find("health rule ", at)) != std::string::npos;) {
      const std::size_t end = text.find('\n', at);
      lines += text.substr(at, end + 1 - at);
      at = end;
    }
    return lines;
  };
  const std::string trainer = "trainer: image_classification\n";
  const std::string documented = documented_rules();
  std::string names_only = "rules:\n";
  for (std::size_t at = documented.find("  - {"); at != std::string::npos; at = documented.find("  - {", at + 1)) {
    const std::string line = documented.substr(at, documented.find('\n', at) - at);
    names_only += line.substr(0, line.find(','));
    for (const std::string key : {"action: stop", "patience: 3", "max_threshold: 10"}) {
      if (has(line, key)) names_only += ", " + key;
    }
    names_only += "}\n";
  }
  const auto short_form = check(trainer, names_only);
  CHECK_MESSAGE(short_form.exit_code == 0, short_form.err);
  CHECK_FALSE(has(short_form.out + short_form.err, "no metric definition"));
  CHECK(rule_lines(short_form.out) == rule_lines(check(trainer, documented).out));
  CHECK(has(short_form.out, "health rule     VanishingGradient (metrics gradient_mean_abs/.*, threshold 1e-07): warn"));

  const auto other = check("command: [cat, log]\n", "rules: [{name: VanishingGradient}]\n");
  CHECK(other.exit_code == 2);
  CHECK_MESSAGE(has(other.err, "rules[0].metrics: missing"), other.err);
  const auto one_of_two = check(trainer, "rules: [{name: Overfit, train: \"train:loss\"}]\n");
  CHECK_MESSAGE(has(one_of_two.err, "rules[0].validation: missing"), one_of_two.err);
  const auto misspelt = check(trainer, "rules: [{name: VanishingGradient, metrics: grad}]\n");
  CHECK_MESSAGE(has(misspelt.out + misspelt.err, "VanishingGradient: no metric definition has a name"), misspelt.out);
}

}  // namespace tune::test
