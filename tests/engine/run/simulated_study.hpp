#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/core/study_core.hpp"
#include "engine/executors/simulated_executor.hpp"
#include "engine/run/run_loop.hpp"
#include "tests/support/test_support.hpp"

/// Whole studies in virtual time, for tests of the engine's run.
namespace tune::test {

/// A study of one float parameter `x`, random search, 12 trials of `metric` "score".
engine::StudySpec small_spec();

/// The same with the median rule and `min_trials: 3`.
engine::StudySpec median_spec();

/// What trial `x` reports at `step` by default: rises towards x.
double curve(double x, std::int64_t step);

/// How long a step of a trial takes; seeded, so that trials overtake each other.
using StepTime = std::function<Duration(TrialId trial, std::int64_t step)>;
Duration uneven_step_time(TrialId trial, std::int64_t step);

/// Collects what happens.
class Recorder final : public engine::RunObserver {
 public:
  void happened(const StudyRecord&, const engine::Happening& happening) override { happenings.push_back(happening); }
  void tick(const StudyRecord&, TimePoint) override {}
  std::vector<engine::Happening> happenings;
};

/// A script of `steps` steps by `curve`, resuming after what the log offset says (one byte a step).
engine::SimulatedExecutor::Script curve_script(std::int64_t steps, StepTime step_time = uneven_step_time);

/// The same trials as seen after a crash: what ran before it is lost with the simulated executor, and new attempts do it again.
engine::SimulatedExecutor::Script after_crash(engine::SimulatedExecutor::Script script);

/// Runs a study in `directory` (created, or resumed when it is there) with `slots` slots to its end.
Status run_simulated(const std::string& directory, const engine::StudySpec& spec, const engine::SimulatedExecutor::Script& script,
                     engine::RunObserver* observer = nullptr, engine::Interrupts* interrupts = nullptr,
                     const Registry& registry = builtin());

/// Everything a deterministic study promises to repeat: configurations, outcomes, observations, decisions, why it ended; no
/// times.
std::string essence(const StudyRecord& record);

StudyRecord load_record(const std::string& directory);

}  // namespace tune::test
