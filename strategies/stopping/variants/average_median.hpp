#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "strategies/stopping/running_average.hpp"
#include "tune/stopping.hpp"

namespace tune::strategies {

/// The decision of a median rule: stopped when `value`, which is what `judged` says, is worse than the median of the references'
/// averages. A NaN counts as the worst there is, on both sides. `noun`: what the references are. REQUIRES: references is not
/// empty.
Decision against_median(const StudyView& study, const TrialView& trial, std::string judged, double value,
                        const std::vector<Reference>& references, std::string_view noun);

}  // namespace tune::strategies
