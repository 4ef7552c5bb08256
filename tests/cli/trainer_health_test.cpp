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
          {of_layer(kSaturated, "out"), 5.0},
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
  CHECK(names_of(documented_rules()).size() == 14);
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
  finds("SaturatedActivation", of_layer(kSaturated, "out"), 60.0);
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

}  // namespace tune::test
