#include "tune/end_chance.hpp"

#include "strategies/curves/forward.hpp"

namespace tune {

std::vector<EndChance> chances_to_beat(const StudyView& study, std::span<const TrialId> trials, double value) {
  const double score = study.objective().goal == Goal::kMaximize ? value : -value;
  std::vector<EndChance> chances;
  for (const TrialId trial : trials) {
    const auto end = strategies::forecast(strategies::look_at(study, study.trial(trial)));
    if (end) chances.push_back({trial, end->chance_above(score)});
  }
  return chances;
}

}  // namespace tune
