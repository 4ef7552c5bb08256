#include "strategies/bayesian/ask_model.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>

#include "strategies/median_of.hpp"
#include "tune/random.hpp"

namespace tune::strategies {
namespace {

constexpr double kNoisyShare = 0.05;       ///< of the fitted variance: beyond it the incumbent is a posterior mean
constexpr double kLevelBeta = 1.8;         ///< deviations that choose the level of pure exploration
constexpr double kPureExploration = 0.75;  ///< chance of it while there is no news (Song et al., 2024, as for the acquisition)
// In a space with categories the model comes to believe in the one it has looked at most; every so many trials it looks
// elsewhere.
constexpr TrialId kLookElsewhere = 4;
constexpr double kElsewhereBeta = 10.0;
constexpr double kPriorStrength = 3.0;      ///< trials that a user's belief outweighs (piBO: a tenth of the budget)
constexpr std::size_t kOutlookPoints = 64;  ///< candidates among which the best that may be is looked for
constexpr std::size_t kSurestPoints = 16;   ///< known points, by mean, among which the surest one is looked for
constexpr double kLeastNoise = 2e-6;        ///< a fitted noise under it is the bound of the fit: none was found
constexpr double kRegretConfidence = 0.1;

/// beta_n of the regret bound (Makarova et al., "Automatic termination for hyperparameter optimization", AutoML 2022, as Optuna
/// scales it: a fifth).
double regret_beta(int dimensions, Eigen::Index n) {
  const double count = static_cast<double>(std::max<Eigen::Index>(n, 1));
  const double inside = static_cast<double>(dimensions) * count * count * std::numbers::pi * std::numbers::pi;
  return 0.4 * std::max(0.0, std::log(inside / (6.0 * kRegretConfidence)));
}

}  // namespace

AskModel::AskModel(const BayesianOptions& options, const FeatureSpace& features, const UserPrior& prior, TrainingData data,
                   Hyperparameters hyper, std::shared_ptr<const Posterior> trend)
    : options_(options),
      features_(features),
      prior_(prior),
      data_(std::move(data)),
      posterior_(features.kinds(), data_.observations, std::move(hyper)),
      known_(data_.observations.points) {
  if (trend) posterior_.add_trend(std::move(trend), data_.observations.size() > 0 ? data_.trend_weight : 1.0);
  incumbent_ = first_incumbent();
}

void AskModel::add_pending(const Configuration& configuration) {
  const Eigen::RowVectorXd row = features_.row(configuration);
  incumbent_ = std::max(incumbent_, posterior_.predict_mean(row)[0]);
  posterior_.condition_on(row);
  known_.conservativeResize(known_.rows() + 1, Eigen::NoChange);
  known_.bottomRows(1) = row;
  ++pending_;
}

std::optional<AskModel::Proposal> AskModel::propose(std::uint64_t seed, TrialId trial, bool news, const Tried& tried) const {
  const Tilt tilt = prior_.any() ? Tilt{&prior_, kPriorStrength / std::max(1, data_.usable)} : Tilt{};
  const AcquisitionMaximizer maximizer(features_, posterior_, acquisition(seed, trial, news), tilt);
  const std::vector<Candidate> candidates = maximizer.search(seed, trial, data_.best_points);
  for (const Candidate& candidate : candidates) {
    Configuration configuration = features_.cube().decode(candidate.point);
    if (tried.contains(configuration)) continue;
    const Outlook expected = outlook(candidates, configuration);
    return Proposal{std::move(configuration), expected};
  }
  return std::nullopt;
}

double AskModel::first_incumbent() const {
  if (known_.rows() == 0) return 0.0;
  const bool plain = posterior_.hyper().noise_share() <= kNoisyShare && data_.trend_weight == 0.0;
  return plain ? data_.observations.values.maxCoeff() : posterior_.predict_mean(known_).maxCoeff();
}

Acquisition AskModel::acquisition(std::uint64_t seed, TrialId trial, bool news) const {
  if (options_.pure_exploration && pending_ > 0 && !news &&
      RandomStream(seed, trial, "bayesian-explore").uniform() < kPureExploration) {
    return {AcquisitionKind::kPureExploration, exploration_level(), 0.0};
  }
  if (features_.has_categories() && options_.acquisition == BayesianOptions::Maximize::kUcb && trial % kLookElsewhere == 0) {
    return {AcquisitionKind::kUpperConfidenceBound, incumbent_, std::max(kElsewhereBeta, options_.beta)};
  }
  const bool log_ei = options_.acquisition == BayesianOptions::Maximize::kLogEi ||
                      (options_.acquisition == BayesianOptions::Maximize::kAlternate && trial % 2 == 1);
  return {log_ei ? AcquisitionKind::kLogExpectedImprovement : AcquisitionKind::kUpperConfidenceBound, incumbent_, options_.beta};
}

Eigen::MatrixXd AskModel::best_known(std::size_t count) const {
  const Eigen::ArrayXd means = posterior_.predict_mean(known_);
  std::vector<Eigen::Index> order(static_cast<std::size_t>(known_.rows()));
  std::iota(order.begin(), order.end(), 0);
  count = std::min(count, order.size());
  std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(count), order.end(),
                    [&](Eigen::Index a, Eigen::Index b) { return means[a] > means[b] || (means[a] == means[b] && a < b); });
  order.resize(count);
  return known_(order, Eigen::all);
}

double AskModel::exploration_level() const {
  const Moments moments = posterior_.predict(known_);
  Eigen::Index most_hopeful = 0;
  (moments.mean + kLevelBeta * moments.sd).maxCoeff(&most_hopeful);
  return moments.mean[most_hopeful];
}

/// In units of (best - median) of the observed values, as the model sees them. The best that may be is looked for among the
/// candidates that the acquisition likes best, refined ones first.
Outlook AskModel::outlook(const std::vector<Candidate>& candidates, const Configuration& proposed) const {
  constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();
  const Eigen::VectorXd& values = data_.observations.values;
  const double unit = values.size() > 0 ? values.maxCoeff() - median_of({values.begin(), values.end()}) : 0.0;
  if (!(unit > 0.0)) return {kUnknown, kUnknown, kUnknown};
  const Moments at = posterior_.predict(features_.row(proposed));
  const Acquisition log_ei(AcquisitionKind::kLogExpectedImprovement, incumbent_, 0.0);
  const std::size_t count = std::min(kOutlookPoints, candidates.size());
  Eigen::MatrixXd rows(static_cast<Eigen::Index>(count), features_.columns());
  for (std::size_t i = 0; i < count; ++i) rows.row(static_cast<Eigen::Index>(i)) = features_.row(candidates[i].point);
  const double beta = std::sqrt(regret_beta(features_.dimensions(), values.size()));
  const Moments hoped = posterior_.predict(rows);
  const Moments sure = posterior_.predict(best_known(kSurestPoints));
  const double bound = (hoped.mean + beta * hoped.sd).maxCoeff() - (sure.mean - beta * sure.sd).maxCoeff();
  const double noise = posterior_.hyper().noise;
  return {std::exp(log_ei(at.mean[0], at.sd[0]).value) / unit, std::max(0.0, bound) / unit,
          noise > kLeastNoise ? std::sqrt(noise) / unit : 0.0};
}

}  // namespace tune::strategies
