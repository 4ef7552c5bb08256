#pragma once

#include <string>

#include "engine/run/run_study.hpp"

namespace tune::cli {

/// Refuses a trial that `study` has not, and says which it has.
inline Status check_trial(const engine::LoadedStudy& study, const std::string& directory, TrialId trial) {
  if (study.record.has_trial(trial)) return {};
  const std::size_t count = study.record.trials.size();
  return Status::invalid("there is no trial " + std::to_string(trial) + " in " + directory + "; it has " +
                         (count == 0 ? "none yet" : "trials 1 to " + std::to_string(count)));
}

}  // namespace tune::cli
