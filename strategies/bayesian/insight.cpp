#include "tune/insight.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "strategies/bayesian/fit_schedule.hpp"
#include "strategies/bayesian/importance.hpp"
#include "strategies/bayesian/maximize.hpp"
#include "strategies/bayesian/output_warp.hpp"
#include "strategies/bayesian/posterior.hpp"
#include "strategies/bayesian/training_data.hpp"
#include "tune/random.hpp"

namespace tune {
namespace {

using namespace strategies;
using Eigen::ArrayXd;
using Eigen::Index;

constexpr double kDeviations = 1.6448536269514722;  ///< of a normal, either side: kInsightLevel
constexpr int kSubsets = 8;
constexpr Index kLeftOut = 5;     ///< a subset leaves out one observation in so many
constexpr Index kRefitted = 100;  ///< up to so many observations a subset has its own hyperparameters
constexpr int kRefitIterations = 30;
constexpr Index kBlock = 128;  ///< points that are evaluated together

ArrayXd means_at(const Posterior& posterior, const Eigen::MatrixXd& rows) {
  ArrayXd means(rows.rows());
  for (Index i = 0; i < rows.rows(); i += kBlock) {
    const Index count = std::min(kBlock, rows.rows() - i);
    means.segment(i, count) = posterior.bound(rows.middleRows(i, count)).mean;
  }
  return means;
}

Observations pick(const Observations& all, const std::vector<Index>& rows) {
  return {all.points(rows, Eigen::all), all.values(rows), all.noise(rows)};
}

struct Check {
  ArrayXd share_sd;
  double explained = 0.0;
};

/// Fits that each leave out every fifth observation, drawn at random. The spread of their shares over subsets that keep r of r +
/// d observations, times r / d, is the variance of a share (the delete-d jackknife; Shao & Wu, "A general theory for jackknife
/// variance estimation", Annals of Statistics 17, 1989); what they predict of those left out says how far to believe the model at
/// all. REQUIRES: at least kLeftOut observations.
Check cross_check(const MainEffects& effects, const ModelShape& shape, const Observations& all, const Hyperparameters& hyper,
                  std::uint64_t seed) {
  RandomStream stream(seed, 0, "insight-subsets");
  Eigen::ArrayXXd shares(kSubsets, static_cast<Index>(effects.parameters().size()));
  const std::size_t kept = static_cast<std::size_t>(all.size() - all.size() / kLeftOut);
  double error = 0.0;
  double variation = 0.0;
  for (int i = 0; i < kSubsets; ++i) {
    std::vector<Index> order(static_cast<std::size_t>(all.size()));
    std::iota(order.begin(), order.end(), 0);
    for (std::size_t k = order.size(); k > 1; --k) std::swap(order[k - 1], order[stream.below(k)]);
    const Observations left_out = pick(all, {order.begin() + static_cast<std::ptrdiff_t>(kept), order.end()});
    order.resize(kept);
    std::sort(order.begin(), order.end());
    const Observations subset = pick(all, order);
    Hyperparameters own = hyper;
    if (all.size() <= kRefitted) own = MapObjective(shape, subset).fit(hyper, kRefitIterations).hyper;
    const Posterior posterior(shape.kinds, subset, std::move(own));
    shares.row(i) = effects.shares(means_at(posterior, effects.rows())).alone.transpose();
    error += (left_out.values.array() - means_at(posterior, left_out.points)).square().sum();
    variation += (left_out.values.array() - subset.values.mean()).square().sum();
  }
  const double factor = static_cast<double>(kept) / static_cast<double>(static_cast<std::size_t>(all.size()) - kept);
  const Eigen::ArrayXXd centered = shares.rowwise() - shares.colwise().mean();
  return {(factor * centered.square().colwise().sum().transpose() / (kSubsets - 1)).sqrt(),
          variation > 0.0 ? std::max(0.0, 1.0 - error / variation) : 0.0};
}

/// Predictions in the objective's units.
class Predictor {
 public:
  Predictor(const FeatureSpace& features, const Posterior& posterior, const TrainingData& data, Goal goal)
      : features_(features), posterior_(posterior), unwarp_(data.raw, data.warped), goal_(goal) {}

  [[nodiscard]] PredictedValue operator()(const Configuration& configuration) const {
    const Moments moments = posterior_.predict(features_.row(configuration));
    const double reach = kDeviations * moments.sd[0];
    const double middle = unwarp_(moments.mean[0]);
    const double worse = unwarp_(moments.mean[0] - reach);
    const double better = unwarp_(moments.mean[0] + reach);
    return goal_ == Goal::kMaximize ? PredictedValue{middle, worse, better} : PredictedValue{-middle, -better, -worse};
  }

 private:
  const FeatureSpace& features_;
  const Posterior& posterior_;
  Unwarp unwarp_;
  Goal goal_;
};

/// As reports rank them; equal ones by their numbers.
TrialId best_trial(const StudyView& study) {
  TrialId best = 0;
  double value = 0.0;
  for (const TrialView trial : study.finished()) {
    if (!trial.value()) continue;
    const bool better = best == 0 || study.objective().better(*trial.value(), value);
    if (!better && (*trial.value() != value || trial.id() > best)) continue;
    best = trial.id();
    value = *trial.value();
  }
  return best;
}

}  // namespace

std::optional<Insight> study_insight(const StudyView& study) {
  if (study.finished_count() < static_cast<std::size_t>(kInsightTrials)) return std::nullopt;
  const FeatureSpace features(study.space());
  const MainEffects effects(features, study.seed());
  if (effects.parameters().empty()) return std::nullopt;
  // Fitted from nothing, not along the study's stages: those cost more the longer it was, and must not be paid for a report.
  const FitSchedule schedule(features, true);
  const Hyperparameters hyper = schedule.fit_anchor(study, study.finished_count());
  const TrainingData data = collect_training_data(study, features, study.finished_count(), output_fade(hyper));
  if (data.usable < kInsightTrials) return std::nullopt;

  const Posterior posterior(features.kinds(), data.observations, hyper);
  const MainEffects::Shares shares = effects.shares(means_at(posterior, effects.rows()));
  const Check check = cross_check(effects, schedule.shape(data.usable), data.observations, hyper, study.seed());
  Insight insight;
  for (std::size_t k = 0; k < effects.parameters().size(); ++k) {
    const auto at = static_cast<Index>(k);
    insight.importances.push_back({study.space()[effects.parameters()[k]].name, shares.alone[at], check.share_sd[at]});
  }
  std::stable_sort(insight.importances.begin(), insight.importances.end(),
                   [](const auto& a, const auto& b) { return a.share > b.share; });
  insight.interaction_share = shares.together;
  insight.explained = check.explained;

  const AcquisitionMaximizer maximizer(features, posterior, {AcquisitionKind::kUpperConfidenceBound, 0.0, 0.0});
  insight.predicted_best = features.cube().decode(maximizer.search(study.seed(), 0, data.best_points).front().point);
  const Predictor predict(features, posterior, data, study.objective().goal);
  insight.at_predicted_best = predict(insight.predicted_best);
  insight.best_trial = best_trial(study);
  if (insight.best_trial > 0) insight.at_best_trial = predict(study.trial(insight.best_trial).configuration());
  insight.trials = data.usable;
  return insight;
}

}  // namespace tune
