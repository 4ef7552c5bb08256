#pragma once

#include <cstddef>
#include <vector>

#include "strategies/bayesian/features.hpp"
#include "strategies/bayesian/fit.hpp"
#include "tune/study_view.hpp"

namespace tune::strategies {

/// What the model learns from the trials that ended first.
struct TrainingData {
  Observations observations;                     ///< warped values, larger is better; at most kMaxObservations
  std::vector<std::vector<double>> best_points;  ///< unit-cube points of the five best values, best first
  int usable = 0;                                ///< trials with a value, measured or predicted
  std::vector<double> raw;                       ///< those values, larger is better, all of them
  std::vector<double> warped;                    ///< what each became
};

inline constexpr std::size_t kMaxObservations = 500;
inline constexpr std::size_t kBestPoints = 5;

/// The first `limit` finished trials of `study`. Completed: its value. Stopped: its predicted final value, with that prediction's
/// variance as extra noise. Diverged or out of memory: the infeasible value. Failed otherwise: left out. Of more than
/// kMaxObservations the better half of that number is kept, and the newest of the rest. `fade`: see `warp_outputs`.
TrainingData collect_training_data(const StudyView& study, const FeatureSpace& features, std::size_t limit, double fade = 0.0);

/// At most `count` of them: half the best, half the newest of the rest, in their order.
Observations subset_of(const Observations& all, Eigen::Index count);

}  // namespace tune::strategies
