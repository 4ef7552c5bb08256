#pragma once

#include <string>
#include <vector>

#include "tune/records.hpp"

namespace tune::engine {

/// Why a trial ended as it did: each recorded decision about it as a sentence with its numbers and reference trials, then its
/// end. `remarks`: a sentence more for each decision, or an empty one. REQUIRES: study.has_trial(trial); no remarks, or one for
/// each decision.
std::string why_text(const StudyRecord& study, TrialId trial, const std::vector<std::string>& remarks = {});
/// One decision as a sentence; `spared`: it was not carried out.
std::string decision_sentence(const DecisionRecord& decision, bool spared = false);

}  // namespace tune::engine
