#include "tests/engine/run/simulated_study.hpp"

#include "engine/run/local_run.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "tune/random.hpp"

namespace tune::test {

using namespace tune::engine;

engine::StudySpec small_spec() {
  StudySpec spec;
  spec.name = "small";
  spec.objective = maximize("score");
  spec.space.uniform("x", 0.0, 1.0);
  spec.strategy = {"random", {}};
  spec.seed = 7;
  spec.limits.max_trials = 12;
  spec.limits.max_parallel = 3;
  spec.max_step = 6;
  spec.working_directory = "/";
  return spec;
}

engine::StudySpec median_spec() {
  StudySpec spec = small_spec();
  spec.stopping.emplace();
  const Registry registry = builtin();
  const Entry<StoppingPolicy>* entry = registry.find_policy("median");
  REQUIRE(entry != nullptr);
  spec.stopping->policy.name = "median";
  for (const OptionSpec& option : entry->options) {
    if (option.default_value) spec.stopping->policy.options[option.name] = *option.default_value;
  }
  spec.stopping->policy.options["min_trials"] = std::int64_t{3};
  return spec;
}

double curve(double x, std::int64_t step) { return x * (1.0 - std::exp(-static_cast<double>(step))); }

Duration uneven_step_time(TrialId trial, std::int64_t step) {
  return std::chrono::milliseconds(20 + RandomStream(1, trial * 100 + step, "step time").below(400));
}

engine::SimulatedExecutor::Script curve_script(std::int64_t steps, StepTime step_time) {
  return [steps, step_time](const LaunchSpec& spec) {
    SimulatedTrial trial;
    for (std::int64_t step = 1; step <= steps; ++step) {
      const double value = curve(as_number(*spec.configuration[0]), step);
      trial.output(step_time(spec.id.trial, step),
                   "@tune {\"step\": " + std::to_string(step) + ", \"score\": " + to_text(value) + "}\n");
    }
    trial.exit(std::chrono::milliseconds(5));
    return trial;
  };
}

SimulatedExecutor::Script after_crash(SimulatedExecutor::Script script) {
  return [script = std::move(script)](const LaunchSpec& launch) {
    SimulatedTrial trial = script(launch);
    trial.gone = true;
    return trial;
  };
}

Status run_simulated(const std::string& directory, const StudySpec& spec, const SimulatedExecutor::Script& script,
                     RunObserver* observer, Interrupts* interrupts, const Registry& registry) {
  ManualClock clock(TimePoint(std::chrono::hours(24)));
  const bool there = holds_study(directory);
  auto core = there ? StudyCore::open(directory, registry, clock) : StudyCore::create(directory, spec, registry, clock);
  if (!core.ok()) return core.status();
  if (there) TUNE_RETURN_IF_ERROR((*core)->take_over({}));
  if ((*core)->record().status != StudyStatus::kInProgress) return {};
  const std::unique_ptr<Executor> executor = within_market(
      std::make_unique<SimulatedExecutor>(clock, spec.limits.max_parallel, script), spec, spec.limits.max_parallel, clock);
  RunLoopOptions options;
  options.parallel = spec.limits.max_parallel;
  auto definitions = metrics::compile(spec.metrics);
  if (!definitions.ok()) return definitions.status();
  options.definitions = *definitions;
  Interrupts none;
  RunLoop loop(**core, *executor, clock, options, interrupts != nullptr ? *interrupts : none, observer);
  return loop.run();
}

std::string essence(const StudyRecord& record) {
  std::string text = std::string(to_string(record.status)) + " " + record.stop_reason;
  for (const auto& [name, number] : record.stop_numbers) text += " " + name + "=" + to_text(number);
  text += "\n";
  for (const TrialRecord& trial : record.trials) {
    text += std::to_string(trial.id) + " " + trial.name + " " + std::string(to_string(trial.status)) + " " + trial.stop_reason;
    for (std::size_t i = 0; i < trial.configuration.size(); ++i) {
      text += " " + (trial.configuration[i] ? to_text(*trial.configuration[i]) : std::string("-"));
    }
    text += " value " + (trial.value ? to_text(*trial.value) : std::string("none")) + ":";
    for (const Series& series : trial.series) {
      for (const Point& point : series.points)
        text += " " + series.metric + "@" + std::to_string(point.step) + "=" + to_text(point.value);
    }
    for (const DecisionRecord& decision : trial.decisions) {
      text += " [" + decision.kind + " " + decision.rule + "@" + std::to_string(decision.step);
      for (const auto& [name, number] : decision.numbers) text += " " + name + "=" + to_text(number);
      for (const TrialId reference : decision.references) text += " #" + std::to_string(reference);
      text += "]";
    }
    text += "\n";
  }
  return text;
}

StudyRecord load_record(const std::string& directory) {
  auto loaded = load_study(directory, builtin());
  REQUIRE_MESSAGE(loaded.ok(), loaded.status().message());
  return loaded->record;
}

}  // namespace tune::test
