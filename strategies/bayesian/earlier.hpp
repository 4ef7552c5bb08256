#pragma once

#include <memory>
#include <vector>

#include "strategies/bayesian/features.hpp"
#include "strategies/bayesian/posterior.hpp"
#include "tune/study_view.hpp"

namespace tune::strategies {

/// What the studies that a study began with say about it (`StudyView::earlier()`), in the model's terms.
///
/// Trials of an `identical` study are as good as the study's own: `observations` of the model (collect_training_data adds them).
/// A `transfer` study ran on other data, so only the order of its values counts: they become normal scores by rank, and a
/// Gaussian process on all of them together is the `trend` around which the study's own values are modelled (residual stacking:
/// Golovin et al., "Google Vizier", KDD 2017, section 3.3; ranks: Salinas, Shen & Perrone, "A quantile-based approach for
/// hyperparameter transfer learning", ICML 2020). Deterministic; made once for a study. Const use is safe from several threads.
class Earlier {
 public:
  Earlier(const StudyView& study, const FeatureSpace& features);

  /// Whether it was made from the same earlier trials.
  [[nodiscard]] bool is_of(const StudyView& study) const;
  /// None without transfer studies.
  [[nodiscard]] const std::shared_ptr<const Posterior>& trend() const { return trend_; }
  /// Trials of identical studies that have a value.
  [[nodiscard]] int identical() const { return identical_; }
  /// The best point of the unit cube of each transfer study, in their order: the first proposals.
  [[nodiscard]] const std::vector<std::vector<double>>& favourites() const { return favourites_; }

 private:
  void learn_trend(const StudyView& study, const FeatureSpace& features);

  std::vector<EarlierTrial> trials_;
  std::vector<WarmStartType> types_;
  Goal goal_ = Goal::kMaximize;
  int identical_ = 0;
  std::vector<std::vector<double>> favourites_;
  std::shared_ptr<const Posterior> trend_;
};

/// How much of a trend own values show: the regression weight of `values` on `trend` with kTrendFaith pseudo-observations that
/// agree with it, within [0, kMostTrend], times kTrendTrials / (kTrendTrials + number of values); 1 without values.
double trend_weight(const Eigen::VectorXd& trend, const Eigen::VectorXd& values);

}  // namespace tune::strategies
