#include <benchmark/benchmark.h>

#include <cmath>
#include <string>

#include "tests/support/study_builder.hpp"
#include "tune/random.hpp"
#include "tune/registry.hpp"

/// What one judgement costs: every rule, a study of 1,000 completed trials of 100 steps, a trial at step 54, where most rules
/// look, and at step 64, where those with rungs do (bound: 50 us).
namespace {

constexpr int kTrials = 1000;
constexpr int kSteps = 100;
constexpr std::int64_t kLook = 54;  // a geometric look: 10 14 20 28 39 54 76
constexpr std::int64_t kRung = 64;  // 1 4 16 64
constexpr std::int64_t kFactor = 4;

tune::test::StudyBuilder study() {
  tune::test::StudyBuilder study(tune::Space(), tune::maximize("score"));
  study.record().declared_max_step = kSteps;
  for (int i = 0; i <= kTrials; ++i) {
    tune::RandomStream stream(1, i, "curve");
    const double end = stream.uniform();
    std::vector<double> curve;
    const int length = i < kTrials ? kSteps : static_cast<int>(kRung);
    for (int step = 1; step <= length; ++step) curve.push_back(end * (1 - std::exp(-0.05 * step)) + 0.01 * stream.normal());
    study.add(
        {.curve = std::move(curve), .status = i < kTrials ? tune::TrialStatus::kCompleted : tune::TrialStatus::kInProgress});
  }
  return study;
}

void judge(benchmark::State& state, const tune::Named& rule, std::int64_t step) {
  static const tune::test::StudyBuilder kStudy = study();
  static const tune::Registry kRegistry = tune::builtin();
  const auto policy = kRegistry.make_policy(tune::Space(), rule).value();
  const auto trial = kStudy.cut(kTrials + 1, step);
  for (auto _ : state) benchmark::DoNotOptimize(policy->judge(kStudy.view(), trial));
}

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  const tune::Registry registry = tune::builtin();
  for (const auto& entry : registry.policies()) {
    if (entry.compose) continue;
    tune::Named rule = tune::named(entry.name);
    for (const auto& spec : entry.options) {
      if (spec.default_value) rule.options[spec.name] = *spec.default_value;
    }
    if (entry.name == "threshold") rule.options["lower"] = 0.0;
    if (entry.name == "percentile") rule.options.try_emplace("percentile", 25.0);
    if (entry.name == "patience") rule.options.try_emplace("patience", std::int64_t{10});
    if (entry.variant == "ray" && entry.name == "median") {
      rule.options["time_attr"] = std::string("training_iteration");
      rule.options["grace_period"] = 1.0;
    }
    if (entry.variant == "katib") rule.options["start_step"] = kLook;
    for (const auto& spec : entry.options) {  // rungs are to be at 1, 4, 16, 64
      if (spec.name == "min_resource") rule.options[spec.name] = std::int64_t{1};
      if (spec.name == "reduction_factor")
        rule.options[spec.name] =
            std::holds_alternative<double>(*spec.default_value) ? tune::OptionValue(1.0 * kFactor) : kFactor;
    }
    const std::string name = entry.variant.empty() ? entry.name : entry.name + " (" + entry.variant + ")";
    for (const std::int64_t step : {kLook, kRung})
      benchmark::RegisterBenchmark((name + " at " + std::to_string(step)).c_str(), judge, rule, step)
          ->Unit(benchmark::kMicrosecond);
  }
  benchmark::RunSpecifiedBenchmarks();
}
