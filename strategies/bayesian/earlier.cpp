#include "strategies/bayesian/earlier.hpp"

#include <algorithm>
#include <cmath>

#include "strategies/bayesian/fit.hpp"
#include "strategies/bayesian/training_data.hpp"
#include "strategies/normal.hpp"

namespace tune::strategies {
namespace {

using Eigen::Index;
using Eigen::VectorXd;

constexpr double kTrendFaith = 3.0;    ///< pseudo-observations that agree with a trend
constexpr double kTrendTrials = 10.0;  ///< own observations after which a trend counts half
constexpr double kMostTrend = 1.5;
constexpr Index kMaxFitPoints = 200;
constexpr int kIterations = 200;
constexpr Index kLeastTrials = 4;  ///< below so many a trend is not worth a model

/// Normal scores by rank, larger is better; equal values share one. Trials without a value are half a unit below the worst.
std::vector<double> normal_scores(const std::vector<std::optional<double>>& values) {
  std::vector<double> sorted;
  for (const auto& value : values) {
    if (value) sorted.push_back(*value);
  }
  std::sort(sorted.begin(), sorted.end());
  const auto score = [&](double value) {
    const auto [low, high] = std::equal_range(sorted.begin(), sorted.end(), value);
    const double rank = 0.5 * static_cast<double>((low - sorted.begin()) + (high - sorted.begin()));
    return normal_quantile(std::clamp(rank / static_cast<double>(sorted.size()), 1e-9, 1.0 - 1e-9));
  };
  std::vector<double> scores;
  const double worst = sorted.empty() ? 0.0 : score(sorted.front());
  for (const auto& value : values) scores.push_back(value ? score(*value) : worst - 0.5);
  return scores;
}

}  // namespace

double trend_weight(const VectorXd& trend, const VectorXd& values) {
  if (values.size() == 0) return 1.0;
  const Eigen::ArrayXd m = trend.array() - trend.mean();
  const Eigen::ArrayXd y = values.array() - values.mean();
  // Own trials that all lie where the trend is high cannot contradict it: it fades all the same, so that others follow.
  const double fade = kTrendTrials / (kTrendTrials + static_cast<double>(values.size()));
  return fade * std::clamp(((m * y).sum() + kTrendFaith) / (m.square().sum() + kTrendFaith), 0.0, kMostTrend);
}

Earlier::Earlier(const StudyView& study, const FeatureSpace& features)
    : trials_(study.earlier().begin(), study.earlier().end()), goal_(study.objective().goal) {
  for (const EarlierStudy& one : study.earlier_studies()) types_.push_back(one.type);
  for (const EarlierTrial& trial : trials_) {
    if (types_[static_cast<std::size_t>(trial.study)] == WarmStartType::kIdentical && trial.value) ++identical_;
  }
  learn_trend(study, features);
}

bool Earlier::is_of(const StudyView& study) const {
  const auto trials = study.earlier();
  const auto studies = study.earlier_studies();
  if (trials.size() != trials_.size() || studies.size() != types_.size() || goal_ != study.objective().goal) return false;
  for (std::size_t i = 0; i < studies.size(); ++i) {
    if (studies[i].type != types_[i]) return false;
  }
  return std::equal(trials.begin(), trials.end(), trials_.begin(), [](const EarlierTrial& a, const EarlierTrial& b) {
    return a.study == b.study && a.value == b.value && a.infeasible == b.infeasible && a.completed == b.completed &&
           a.configuration == b.configuration;
  });
}

void Earlier::learn_trend(const StudyView& study, const FeatureSpace& features) {
  const double sign = study.objective().goal == Goal::kMaximize ? 1.0 : -1.0;
  std::vector<std::vector<double>> points;
  std::vector<double> scores;
  for (std::size_t number = 0; number < types_.size(); ++number) {
    if (types_[number] != WarmStartType::kTransfer) continue;
    std::vector<std::optional<double>> values;
    const std::size_t first = points.size();
    for (const EarlierTrial& trial : trials_) {
      if (static_cast<std::size_t>(trial.study) != number || (!trial.value && !trial.infeasible)) continue;
      points.push_back(features.cube().encode(trial.configuration));
      values.push_back(trial.value ? std::optional(sign * *trial.value) : std::nullopt);
    }
    const std::vector<double> own = normal_scores(values);
    scores.insert(scores.end(), own.begin(), own.end());
    const auto best = std::max_element(own.begin(), own.end());
    if (best != own.end() && values[static_cast<std::size_t>(best - own.begin())]) {
      favourites_.push_back(points[first + static_cast<std::size_t>(best - own.begin())]);
    }
  }
  const auto n = static_cast<Index>(points.size());
  if (n < kLeastTrials) return;
  Observations all{Eigen::MatrixXd(n, features.columns()), Eigen::Map<const VectorXd>(scores.data(), n), VectorXd::Zero(n)};
  for (Index i = 0; i < n; ++i) all.points.row(i) = features.row(points[static_cast<std::size_t>(i)]);
  const ModelShape shape{features.kinds(), features.dimensions(), n >= 2 * features.dimensions() + 5};
  const Observations fitted = subset_of(all, kMaxFitPoints);
  const Hyperparameters hyper = MapObjective(shape, fitted).fit(default_hyperparameters(shape), kIterations).hyper;
  trend_ = std::make_shared<const Posterior>(features.kinds(), subset_of(all, static_cast<Index>(kMaxObservations)), hyper);
}

}  // namespace tune::strategies
