#pragma once

#include <vector>

#include "tune/study_view.hpp"

namespace tune::strategies {

/// The trials of a study in two groups, each in the order of their numbers.
struct TrialSplit {
  std::vector<TrialId> good;
  std::vector<TrialId> bad;

  [[nodiscard]] std::size_t size() const { return good.size() + bad.size(); }
};

/// The best ceil(share n) of the n trials that ended or are paused, but no more than `most`, are good, the others bad. Completed:
/// by its value. Stopped, or paused now: by its predicted final value (strategies/curves/), never by its last one. Diverged or
/// out of memory: bad, whatever else there is. Failed otherwise: left out. Among equals the earlier trial is the better.
TrialSplit split_trials(const StudyView& study, double share, std::int64_t most);

/// Weights of n trials in the order of their numbers: the newest 25 weigh 1, those before rise from 1 / n.
std::vector<double> age_weights(std::size_t count);

}  // namespace tune::strategies
