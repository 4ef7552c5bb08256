#include "cli/model_views.hpp"

#include "engine/report/false_stops.hpp"

namespace tune::cli {

AskedModels::AskedModels(const StudyRecord& study) : insight_(study_insight(StudyView(study))) {
  std::vector<TrialId> stopped;
  for (const TrialRecord& trial : study.trials) {
    if (engine::stopped_early(trial)) stopped.push_back(trial.id);
  }
  const auto best = engine::best_end(study);
  if (best && !stopped.empty()) chances_ = chances_to_beat(StudyView(study), stopped, *best);
}

}  // namespace tune::cli
