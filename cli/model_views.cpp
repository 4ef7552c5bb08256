#include "cli/model_views.hpp"

namespace tune::cli {

AskedModels::AskedModels(const StudyRecord& study) : insight_(study_insight(StudyView(study))) {
  std::vector<TrialId> stopped;
  for (const TrialRecord& trial : study.trials) {
    if (engine::stopped_early(trial)) stopped.push_back(trial.id);
  }
  if (!stopped.empty()) ends_ = predicted_ends(StudyView(study), stopped);
}

}  // namespace tune::cli
