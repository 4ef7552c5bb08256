#pragma once

#include <cstddef>
#include <vector>

#include "strategies/bayesian/features.hpp"
#include "strategies/bayesian/fit.hpp"
#include "strategies/bayesian/posterior.hpp"
#include "tune/study_view.hpp"

namespace tune::strategies {

/// What the model learns from the trials that ended first.
struct TrainingData {
  Observations observations;                     ///< warped values, larger is better; at most kMaxObservations
  std::vector<std::vector<double>> best_points;  ///< unit-cube points of the five best values, best first
  int usable = 0;                                ///< trials with a value, measured or predicted
  double trend_weight = 0.0;                     ///< of the trend that the values are without (trend_weight(), earlier.hpp)
  std::vector<double> raw;                       ///< those values, larger is better, all of them
  std::vector<double> warped;                    ///< what each became
};

inline constexpr std::size_t kMaxObservations = 500;
inline constexpr std::size_t kBestPoints = 5;

/// The first `limit` finished trials of `study`. Completed: its value. Stopped: its predicted final value, with that prediction's
/// variance as extra noise. Diverged or out of memory: the infeasible value. Failed otherwise: left out. Of more than
/// kMaxObservations the better half of that number is kept, and the newest of the rest. Trials of identical earlier studies come
/// first; one that was stopped there has the variance of all of them as extra noise, for its curve is not known. `fade`: see
/// `warp_outputs`. With a `trend` the values are what is left of them without `trend_weight` times its mean.
TrainingData collect_training_data(const StudyView& study, const FeatureSpace& features, std::size_t limit, double fade = 0.0,
                                   const Posterior* trend = nullptr);

/// At most `count` of them: half the best, half the newest of the rest, in their order.
Observations subset_of(const Observations& all, Eigen::Index count);

}  // namespace tune::strategies
