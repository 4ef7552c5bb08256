#pragma once

#include <span>
#include <vector>

#include "tune/study_view.hpp"

/// What a model of the curves says of trials that did not run to their end.
namespace tune {

/// The chance, 0 to 1, that a trial would have ended better than a given value.
struct EndChance {
  TrialId trial = 0;
  double chance = 0.0;
};

/// One for each of `trials`, in their order, by what the completed trials did after the step where each of them ended; those of
/// which the model can say nothing are left out. A pure function of the study, whatever rule stopped them. Safe from several
/// threads. Defined in strategies/curves/; docs/early-stopping.md ("auto", forward) has the model.
std::vector<EndChance> chances_to_beat(const StudyView& study, std::span<const TrialId> trials, double value);

}  // namespace tune
