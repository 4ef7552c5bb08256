#pragma once

#include <cstdint>

#include "trainers/options/hyperparameters.hpp"

namespace tune::trainer {

/// SageMaker's `early_stopping` of the algorithm itself: it ends after early_stopping_patience epochs in a row none of which is
/// better than the best before by more than early_stopping_tolerance of that best, but not within the first
/// early_stopping_min_epochs. Plain data, since it is part of a checkpoint.
struct EarlyEnd {
  double best = -1;             ///< validation accuracy; negative: none yet
  std::int64_t unimproved = 0;  ///< epochs in a row

  /// Takes an epoch's validation accuracy.
  void take(double accuracy, const Hyperparameters& h) {
    const bool better = best < 0 ? accuracy == accuracy : accuracy > best * (1 + h.early_stopping_tolerance);
    unimproved = better ? 0 : unimproved + 1;
    if (accuracy > best) best = accuracy;
  }
  /// Whether to end, with so many epochs done.
  [[nodiscard]] bool due(std::int64_t epochs_done, const Hyperparameters& h) const {
    return h.early_stopping && epochs_done >= h.early_stopping_min_epochs && unimproved >= h.early_stopping_patience;
  }
};

}  // namespace tune::trainer
