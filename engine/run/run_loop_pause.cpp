#include <algorithm>

#include "engine/executors/attempt_layout.hpp"
#include "engine/journal/file_io.hpp"
#include "engine/run/launch_plan.hpp"
#include "engine/run/run_loop.hpp"

/// How a run lets trials pause and go on.
namespace tune::engine {

/// Whether the trial's attempt is to end, by a stop or a pause.
bool RunLoop::is_ending(TrialId trial) const {
  return core_.record().trial(trial).stop_requested || core_.state().detail(trial).pausing;
}

/// Whether an attempt that was to pause had come to its end before it heard of that.
bool RunLoop::ran_to_its_end(TrialId trial, const ExitRecord& exit) const {
  const auto max_step = core_.view().max_step();
  return exit.code == 0 && max_step && core_.view().trial(trial).last_step() >= *max_step;
}

/// A deterministic study drops what an attempt says after it was to pause, since how much that is depends on the machine. The
/// next attempt goes on from a checkpoint that may lie beyond it, so its first observations are those: they are read from the
/// logs of the attempts before.
void RunLoop::recall(Live& live) {
  if (!deterministic() || !options_.definitions) return;
  const TrialRecord& trial = core_.record().trial(live.id.trial);
  const bool was_paused =
      std::ranges::any_of(trial.attempts, [](const AttemptRecord& attempt) { return attempt.end_reason == "paused"; });
  if (!was_paused) return;
  const auto sink = [&](const metrics::ParsedObservation& parsed) {
    const Series* series = trial.find_series(parsed.metric);
    if (series != nullptr && std::ranges::binary_search(series->points, parsed.step, {}, &Point::step)) return;
    live.items.push_back(Seen{parsed.metric, parsed.step, parsed.value, std::nullopt, parsed.counted});
  };
  for (const AttemptRecord& attempt : trial.attempts) {
    if (attempt.number >= live.id.attempt) break;
    const Result<std::string> log =
        read_whole_file(attempt_directory(core_.directory(), {trial.id, attempt.number}) + "/" + kLogFile);
    if (!log.ok()) continue;  // it never started, or somebody has cleared its directory
    metrics::LogReader reader(options_.definitions);
    reader.feed(*log, sink);
    reader.finish(sink);
  }
}

}  // namespace tune::engine
