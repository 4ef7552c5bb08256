#pragma once

#include <span>
#include <vector>

#include "tune/study_view.hpp"

/// What a model of the curves says of trials that did not run to their end.
namespace tune {

/// The result a trial would have had: a normal distribution in the objective's units. Both numbers are finite.
struct PredictedEnd {
  TrialId trial = 0;
  double mean = 0.0;
  double variance = 0.0;
};

/// One for each of `trials`, in their order; those of which the model can say nothing are left out. A pure function of the study,
/// whatever rule stopped them. Safe from several threads. Defined in strategies/curves/; docs/early-stopping.md says how.
std::vector<PredictedEnd> predicted_ends(const StudyView& study, std::span<const TrialId> trials);

}  // namespace tune
