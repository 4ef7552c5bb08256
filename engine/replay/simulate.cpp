#include "engine/replay/simulate.hpp"

#include <algorithm>

#include "engine/replay/replay.hpp"
#include "engine/replay/virtual_study.hpp"

namespace tune::engine {

StudyRecord simulate_study(const Curves& curves, const SimulatedJob& job) {
  VirtualStudy study(curves, job.policy, job.objective, job.workers);
  std::vector<std::size_t> order;
  draw_order(order, curves.curves.size(), static_cast<std::size_t>(job.trials), job.seed, 0);
  (void)study.run(order, job.seed);
  StudyRecord record = study.record();
  record.name = curves.source;
  record.strategy = "recorded curves";
  record.stopping = job.rule;
  record.status = StudyStatus::kCompleted;
  record.stop_reason = "max_trials";
  TimePoint end = record.created;
  for (const TrialRecord& trial : record.trials) {
    for (const AttemptRecord& attempt : trial.attempts) end = std::max(end, attempt.ended.value_or(end));
  }
  record.ended = end;
  record.active = end - record.created;
  return record;
}

}  // namespace tune::engine
