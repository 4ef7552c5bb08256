#pragma once

#include <ATen/ATen.h>

#include <cstdint>

#include "trainers/data/image_set.hpp"
#include "trainers/log/training_log.hpp"
#include "trainers/options/hyperparameters.hpp"

namespace tune::trainer {

/// What training makes small, and what is counted beside it.
///
/// Single label: cross-entropy; with label_smoothing e a label is 1 - e for its class plus e / classes for each (Szegedy et al.,
/// "Rethinking the Inception architecture", CVPR 2016, section 7).
/// multi_label: the mean over classes of the binary cross-entropy of the score's logistic. With use_weighted_loss the positive
/// term of a class is weighted by (images without it) / (images with it) in the training set, at most kMostWeight.
class Loss {
 public:
  static constexpr double kMostWeight = 100;

  Loss(const Hyperparameters& hyperparameters, const ImageSet& train, at::Device device);

  /// Mean over a batch. Labels: N (int64), or N x classes (float) with multi_label.
  [[nodiscard]] at::Tensor training(const at::Tensor& scores, const at::Tensor& labels) const;
  /// The same without label smoothing and weights.
  [[nodiscard]] at::Tensor validation(const at::Tensor& scores, const at::Tensor& labels) const;

  /// How many numbers a tally has: loss, right answers, and with top_k the answers among the k likeliest.
  [[nodiscard]] std::int64_t tally_size() const { return top_k_ > 0 ? 3 : 2; }
  /// A tally's means.
  [[nodiscard]] Scores scores(const at::Tensor& tally, std::int64_t images) const;
  /// Adds a batch to a tally (doubles on the device, so that a GPU need not be waited for). With multi_label an image's right
  /// answers are the share of classes that are said right.
  void add(at::Tensor& tally, const at::Tensor& mean_loss, const at::Tensor& scores, const at::Tensor& labels) const;

 private:
  double smoothing_;
  bool multi_label_;
  std::int64_t top_k_;  ///< 0: not counted
  std::int64_t classes_;
  at::Tensor positive_weights_;  ///< undefined: all one
};

}  // namespace tune::trainer
