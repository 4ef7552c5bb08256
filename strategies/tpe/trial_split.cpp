#include "strategies/tpe/trial_split.hpp"

#include <algorithm>
#include <cmath>

#include "strategies/curves/predicted_final.hpp"
#include "strategies/paused.hpp"

namespace tune::strategies {
namespace {

constexpr std::size_t kYoung = 25;  ///< trials of full weight
constexpr double kRounding = 1e-9;  ///< 0.1 is not exact in binary

}  // namespace

TrialSplit split_trials(const StudyView& study, double share, std::int64_t most) {
  FinalPredictor predictor(study);
  std::vector<std::pair<double, TrialId>> ranking;  // the smaller, the better
  TrialSplit split;
  const double sign = study.objective().goal == Goal::kMaximize ? -1.0 : 1.0;
  for (const TrialView trial : study.finished()) {
    if (trial.infeasible()) {
      split.bad.push_back(trial.id());
      continue;
    }
    if (trial.status() == TrialStatus::kFailed) continue;
    if (trial.status() == TrialStatus::kCompleted && !trial.value()) continue;
    if (const auto final = predictor.predict(trial)) ranking.emplace_back(sign * final->mean, trial.id());
  }
  for (const TrialView trial : study.running()) {
    if (!shown_and_paused(trial)) continue;
    if (const auto final = predictor.predict(trial)) ranking.emplace_back(sign * final->mean, trial.id());
  }
  std::sort(ranking.begin(), ranking.end());
  const double all = static_cast<double>(ranking.size() + split.bad.size());
  const auto good =
      std::min({static_cast<std::size_t>(std::ceil(share * all - kRounding)), static_cast<std::size_t>(most), ranking.size()});
  for (std::size_t i = 0; i < ranking.size(); ++i) (i < good ? split.good : split.bad).push_back(ranking[i].second);
  std::sort(split.good.begin(), split.good.end());
  std::sort(split.bad.begin(), split.bad.end());
  return split;
}

std::vector<double> age_weights(std::size_t count) {
  std::vector<double> weights(count, 1.0);
  if (count <= kYoung) return weights;
  const std::size_t old = count - kYoung;
  const double lowest = 1.0 / static_cast<double>(count);
  for (std::size_t i = 0; i < old; ++i) {
    const double way = old > 1 ? static_cast<double>(i) / static_cast<double>(old - 1) : 0.0;
    weights[i] = lowest + way * (1.0 - lowest);
  }
  return weights;
}

}  // namespace tune::strategies
