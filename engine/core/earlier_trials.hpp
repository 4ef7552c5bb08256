#pragma once

#include <string>
#include <vector>

#include "engine/config/study_spec.hpp"
#include "engine/state/study_state.hpp"
#include "tune/records.hpp"

namespace tune::engine {

struct TakenTrials {
  std::vector<EarlierTrial> trials;
  std::int64_t without_result = 0;  ///< of those that have ended: neither a value nor known to be infeasible
  std::string why;                  ///< why the first one that has a result was left out; empty when none was
};

/// The trials of `parent` as trials of the study that `spec` describes, by parameters' names, `spec.warm_start->type` saying how
/// closely they must fit. `study` becomes their index. REQUIRES: spec.warm_start.
TakenTrials take_trials(const StudyState& parent, const StudySpec& spec, int study);

}  // namespace tune::engine
