#include <algorithm>

#include "tests/strategies_health/health_support.hpp"

/// The examples of docs/health-rules.md, the rules that look at single values, and what all have in common.
namespace tune::test {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

std::unique_ptr<HealthRule> rule(const std::string& name, const Options& given = {}) {
  auto made = make_health(name, given);
  REQUIRE_MESSAGE(made.ok(), made.status().message());
  return *std::move(made);
}

const Inputs kOne{{"metrics", {"m"}}};

/// Which of the values alone the rule finds wrong.
std::vector<bool> wrong(const HealthRule& judge, const std::vector<double>& values, const Inputs& inputs = kOne,
                        const std::string& metric = "m") {
  std::vector<bool> found;
  for (const double value : values) found.push_back(finds(judge, inputs, {{metric, 3, value}}));
  return found;
}

}  // namespace

TEST_CASE("the rules that look at single values, at their defaults and at their bounds") {
  using Bools = std::vector<bool>;
  CHECK(wrong(*rule("VanishingGradient"), {0.5, 1e-7, 0.99e-7, 0.0, kNan, kInfinity}) == Bools{0, 0, 1, 1, 0, 0});
  CHECK(wrong(*rule("VanishingGradient", {{"threshold", 0.1}}), {0.5, 0.05}) == Bools{0, 1});
  CHECK(wrong(*rule("ExplodingTensor"), {1e308, kNan, kInfinity, -kInfinity}) == Bools{0, 1, 1, 1});
  CHECK(wrong(*rule("ExplodingTensor", {{"only_nan", true}}), {1e308, kNan, kInfinity, -kInfinity}) == Bools{0, 1, 0, 0});
  for (const char* name : {"DeadRelu", "SaturatedActivation"}) {
    CHECK(wrong(*rule(name), {0, 50, 50.5, 100, kNan}) == Bools{0, 0, 1, 1, 0});
    CHECK(wrong(*rule(name, {{"threshold_layer", 10.0}}), {10, 11}) == Bools{0, 1});
  }
  CHECK(wrong(*rule("WeightUpdateRatio"), {1e-3, 10, 10.5, 1e-8, 0.9e-8, 0, kNan}) == Bools{0, 0, 1, 0, 1, 1, 0});
  CHECK(wrong(*rule("AllZero"), {99.9, 100, kNan}) == Bools{0, 1, 0});
  CHECK(wrong(*rule("AllZero", {{"threshold", 90.0}}), {89, 90}) == Bools{0, 1});
  CHECK(wrong(*rule("TensorVariance", {{"max_threshold", 2.0}}), {0, 2, 2.5}) == Bools{0, 0, 1});
  CHECK(wrong(*rule("TensorVariance", {{"min_threshold", 0.5}}), {0.4, 0.5, 1e9}) == Bools{1, 0, 0});
  CHECK(wrong(*rule("TensorVariance", {{"min_threshold", 0.5}, {"max_threshold", 2.0}}), {0.4, 1, 3}) == Bools{1, 0, 1});
  CHECK(wrong(*rule("CheckInputImages"), {0, 0.2, -0.2, 0.25, -0.25}) == Bools{0, 0, 0, 1, 1});
  CHECK(wrong(*rule("NLPSequenceRatio"), {50, 51}) == Bools{0, 1});
  CHECK(wrong(*rule("TreeDepth"), {3, 4, 5}) == Bools{0, 0, 1});
  const Inputs confusion{{"diagonal", {"d"}}, {"off_diagonal", {"o"}}};
  CHECK(wrong(*rule("Confusion"), {0.89, 0.9, 1}, confusion, "d") == Bools{1, 0, 0});
  CHECK(wrong(*rule("Confusion"), {0, 0.1, 0.11}, confusion, "o") == Bools{0, 0, 1});
}

TEST_CASE("what a rule says is one sentence with its numbers") {
  const auto said = [](const HealthRule& judge, const Inputs& inputs, const Story& story) {
    return judge_story(judge, inputs, story).reason;
  };
  const Inputs gradient{{"metrics", {"gradient_norm/fc"}}};
  const Decision decision = judge_story(*rule("VanishingGradient"), gradient, {{"gradient_norm/fc", 7, 3e-9}});
  CHECK(decision.reason == "gradient_norm/fc 3e-09 at step 7 is below threshold 1e-07");
  CHECK(decision.numbers == std::vector<std::pair<std::string, double>>{{"value", 3e-9}, {"threshold", 1e-7}});
  CHECK(said(*rule("ExplodingTensor"), kOne, {{"m", 2, kNan}}) == "m nan at step 2 is no number");
  CHECK(said(*rule("ExplodingTensor"), kOne, {{"m", 2, -kInfinity}}) == "m -inf at step 2 is infinite");
  CHECK(said(*rule("AllZero"), kOne, {{"m", 2, 100}}) == "m 100 at step 2 has reached threshold 100");
  CHECK(said(*rule("CheckInputImages"), kOne, {{"m", 2, -0.5}}) == "m -0.5 at step 2 is further from 0 than threshold_mean 0.2");
}

TEST_CASE("LossNotDecreasing: the worked example") {
  const auto judge = rule("LossNotDecreasing", {{"num_steps", std::int64_t{3}}, {"diff_percent", 1.0}});
  // Looks at steps 4 and 7: 1.00 -> 0.80 is a fall of 20 %, 0.80 -> 0.796 one of half a percent.
  CHECK(first_found(*judge, kOne, curve("m", {1.0, 0.9, 0.85, 0.8, 0.8, 0.8, 0.796})) == 7);
  CHECK(judge_story(*judge, kOne, curve("m", {1.0, 0.9, 0.85, 0.8, 0.8, 0.8, 0.8})).reason ==
        "m 0.8 at step 7 is not 1 % below 0.8 at step 4");
  CHECK(judge_story(*judge, kOne, curve("m", {1.0, 0.9, 0.85, 0.8, 0.8, 0.8, 0.85})).reason ==
        "m 0.85 at step 7 is more than 5 % above 0.8 at step 4");
  // 0.80 -> 0.83 is a rise of 3.75 %, which is borne; 0.80 -> 0.85 is one of 6.25 %.
  CHECK(first_found(*judge, kOne, curve("m", {1.0, 0.9, 0.85, 0.8, 0.8, 0.8, 0.83})) == 0);
  CHECK(first_found(*judge, kOne, curve("m", {1.0, 0.9, 0.85, 0.8, 0.8, 0.8, 0.85})) == 7);
}

TEST_CASE("LossNotDecreasing: SageMaker's example of a loss that is there every third step") {
  const auto judge = rule("LossNotDecreasing");
  Story story;
  std::vector<std::int64_t> looks;
  for (std::int64_t step = 9; step <= 48; step += 3) {
    story.push_back({"m", step, 1.0});
    if (finds(*judge, kOne, story)) looks.push_back(step);
  }
  // Step 21 is compared with step 9; the next look is at 33, since there is nothing at 31.
  CHECK(looks == std::vector<std::int64_t>{21, 33, 45});
  CHECK(judge_story(*judge, kOne, Story(story.begin(), story.begin() + 5)).numbers[2].second == 9.0);
}

TEST_CASE("Overfit: the worked example") {
  const auto judge = rule("Overfit", {{"patience", std::int64_t{2}}});
  const Inputs inputs{{"train", {"train:loss"}}, {"validation", {"validation:loss"}}};
  const auto story = [](const std::vector<double>& train, const std::vector<double>& validation) {
    Story both;
    for (std::size_t i = 0; i < train.size(); ++i) {
      both.push_back({"train:loss", static_cast<std::int64_t>(i) + 1, train[i]});
      both.push_back({"validation:loss", static_cast<std::int64_t>(i) + 1, validation[i]});
    }
    return both;
  };
  // Ratios 0.05, 0.125, 0.08, 0.2, 0.4: the second in a row above 0.1 is that of step 5.
  const Story found = story({1.0, 0.8, 0.5, 0.5, 0.5}, {1.05, 0.9, 0.54, 0.6, 0.7});
  CHECK(first_found(*judge, inputs, found) == 10);
  CHECK(judge_story(*judge, inputs, found).reason ==
        "the validation loss 0.7 at step 5 exceeds the training loss 0.5 by a ratio above 0.1, for 2 steps");
  CHECK(first_found(*rule("Overfit"), inputs, found) == 4);
  CHECK(first_found(*rule("Overfit", {{"start_step", std::int64_t{3}}}), inputs, found) == 8);
}

TEST_CASE("Overtraining: the worked example") {
  const auto judge = rule("Overtraining", {{"train", std::string("t")}, {"patience_train", std::int64_t{3}}});
  // 0.495 is below 0.5 by less than delta 0.01: no new optimum.
  CHECK(first_found(*judge, {{"train", {"t"}}}, curve("t", {0.9, 0.5, 0.6, 0.495, 0.5, 0.4})) == 5);
  CHECK(first_found(*judge, {{"train", {"t"}}}, curve("t", {0.9, 0.5, 0.6, 0.48, 0.5, 0.4})) == 0);
}

TEST_CASE("PoorWeightInitialization, ClassImbalance, UnchangedTensor, FeatureImportanceOverweight: the worked examples") {
  const auto weights = rule("PoorWeightInitialization", {{"activation_inputs_regex", std::string("v/.*")}});
  const Inputs layers{{"activation_inputs_regex", {"v/1", "v/2", "v/3"}}};
  CHECK(first_found(*weights, layers, {{"v/1", 1, 0.5}, {"v/2", 1, 2.0}, {"v/3", 1, 5.5}}) == 3);
  CHECK(first_found(*weights, layers, {{"v/1", 1, 0.5}, {"v/2", 1, 2.0}, {"v/3", 1, 5.0}}) == 0);
  CHECK(first_found(*weights, layers, {{"v/1", 11, 0.5}, {"v/3", 11, 5.5}}) == 0);  // after `steps`

  const auto classes = rule("ClassImbalance", {{"labels_regex", std::string("count/.*")}});
  const Inputs counts{{"labels_regex", {"count/cat", "count/dog"}}};
  CHECK(first_found(*classes, counts,
                    {{"count/cat", 1, 20}, {"count/dog", 1, 300}, {"count/cat", 2, 40}, {"count/dog", 2, 500}}) == 4);
  CHECK(first_found(*classes, counts, {{"count/cat", 1, 50}, {"count/dog", 1, 500}}) == 0);

  CHECK(first_found(*rule("UnchangedTensor"), kOne, curve("m", {0.3, 0.2, 0.200001, 0.2, 0.2})) == 4);

  const auto features = rule("FeatureImportanceOverweight");
  const Inputs importances{{"metrics", {"f/1", "f/2", "f/3", "f/4"}}};
  const Story story{{"f/1", 1, 5}, {"f/2", 1, 3}, {"f/3", 1, 1}, {"f/4", 1, 1}, {"f/1", 2, 1}};
  CHECK(first_found(*features, importances, story) == 5);  // 9 of 10, when step 2 begins
}

TEST_CASE("rules that need one of several inputs say so") {
  for (const auto& [name, message] : std::vector<std::pair<std::string, std::string>>{
           {"Overtraining", "train and validation: missing; allowed: one of them, or both"},
           {"ClassImbalance", "labels_regex and predictions_regex: missing; allowed: one of them, or both"},
           {"TensorVariance", "max_threshold and min_threshold: missing; allowed: one of them, or both"},
           {"PoorWeightInitialization",
            "activation_inputs_regex, gradients and losses: missing; allowed: at least one of them"}}) {
    const auto made = make_health(name, {});
    REQUIRE_FALSE(made.ok());
    CHECK(made.status().message() == message);
  }
}

TEST_CASE("a rule is a pure function of the story, and silent about metrics that it does not name") {
  const Registry registry = builtin();
  CHECK(registry.health_rules().size() == 18);
  for (const auto& entry : registry.health_rules()) {
    CAPTURE(entry.name);
    Options given;
    Inputs inputs;
    for (const OptionSpec& spec : entry.options) {
      CHECK_FALSE(spec.doc.empty());
      if (spec.type == OptionType::kMetrics) given[spec.name] = std::string("m.*");
      if (spec.type == OptionType::kMetrics) inputs[spec.name] = {"m1", "m2", "m3"};
    }
    if (entry.name == "TensorVariance") given["max_threshold"] = 2.0;
    const auto one = rule(entry.name, given);
    const auto other = rule(entry.name, given);
    CHECK(one->name() == entry.name);
    for (std::int64_t i = 0; i < 40; ++i) {
      RandomStream stream(9, i, entry.name);
      const Story story = random_story(stream, {"m1", "m2", "m3", "x"}, 12, 0.5);
      Story so_far;
      for (const Said& said : story) {
        so_far.push_back(said);
        const bool found = finds(*one, inputs, so_far);
        CHECK(found == finds(*other, inputs, so_far));
        CHECK(judge_story(*one, inputs, so_far).reason == judge_story(*other, inputs, so_far).reason);
        if (said.metric == "x") CHECK_FALSE(found);
      }
    }
  }
}

}  // namespace tune::test
