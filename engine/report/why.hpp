#pragma once

#include <string>

#include "tune/records.hpp"

namespace tune::engine {

/// Why a trial ended as it did: each recorded decision about it as a sentence with its numbers and reference trials, then its
/// end. REQUIRES: study.has_trial(trial).
std::string why_text(const StudyRecord& study, TrialId trial);
/// One decision as a sentence.
std::string decision_sentence(const DecisionRecord& decision);

}  // namespace tune::engine
