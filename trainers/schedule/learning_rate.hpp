#pragma once

#include <cstdint>
#include <vector>

#include "trainers/options/hyperparameters.hpp"

namespace tune::trainer {

/// The learning rate of every step. With s steps an epoch, E epochs, T = s E, W = warmup_epochs s, rate r:
///   step:      r * lr_scheduler_factor ^ (how many of lr_scheduler_step are <= the epoch, counted from 0) (MXNet,
///              MultiFactorScheduler, as SageMaker sets it)
///   cosine:    r / 2 * (1 + cos(pi (t - W) / (T - W))) (Loshchilov and Hutter, "SGDR", ICLR 2017, formula 5, without restarts)
///   one_cycle: from r / 25 up to r over the first 30 % of T, then down to r / 250,000, both along half a cosine (Smith and
///   Topin,
///              "Super-convergence", 2019; the constants are PyTorch's OneCycleLR's)
/// Before step W of the first two the rate is r (t + 1) / W.
class LearningRate {
 public:
  LearningRate(const Hyperparameters& hyperparameters, std::int64_t steps_per_epoch);

  /// Of a step, counted from 0 over all epochs.
  [[nodiscard]] double at(std::int64_t step) const;

  /// Whether it depends on how many epochs there are to be.
  static bool depends_on_epochs(const Hyperparameters& hyperparameters) { return hyperparameters.lr_scheduler != "step"; }

 private:
  [[nodiscard]] double one_cycle(double step) const;

  enum class Kind { kStep, kCosine, kOneCycle } kind_;
  double rate_;
  double factor_;
  std::vector<std::int64_t> epochs_;
  std::int64_t steps_per_epoch_;
  double warmup_;  ///< steps
  double total_;   ///< steps
};

}  // namespace tune::trainer
