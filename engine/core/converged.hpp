#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tune/records.hpp"

namespace tune::engine {

/// `completion: converged`: the numbers by which the search has converged, or none when it has not.
///
/// With m the median of the values of the completed trials: (a) the best of them improved by no more than kConvergedShare of its
/// distance to m within the last max(kConvergedTrials, kConvergedTrialsPerParameter d) of them; (b) the strategy itself expected
/// less than kConvergedShare of that distance of each of its last kConvergedProposals proposals; (c) by those proposals the bound
/// on the regret was below the noise (Makarova et al., "Automatic termination for hyperparameter optimization", AutoML 2022).
/// Converged: (a) and (b), or (c). Where the strategy says no outlook: (a) alone.
std::optional<std::vector<std::pair<std::string, double>>> converged_numbers(const StudyRecord& record);

}  // namespace tune::engine
