#pragma once

#include <ATen/ATen.h>

#include "trainers/data/image_set.hpp"
#include "trainers/log/training_log.hpp"

namespace tune::trainer {

/// How a validation went by class. Only where classes are few and an image has one: elsewhere metrics() is empty.
class ClassErrors {
 public:
  static constexpr std::int64_t kMostClasses = 64;

  explicit ClassErrors(const ImageData& data);

  void reset(at::Device device);
  /// Labels: N, int64.
  void add(const at::Tensor& scores, const at::Tensor& labels);

  /// For each class that has validation images the share that is mistaken, and for each the count of its training images.
  [[nodiscard]] Metrics metrics() const;

 private:
  std::vector<std::int64_t> training_images_;  ///< of each class; empty: nothing is counted
  at::Tensor images_;                          ///< of each class, on the device
  at::Tensor mistaken_;
};

}  // namespace tune::trainer
