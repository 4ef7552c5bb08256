#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <span>

#include "trainers/augment/augmentation.hpp"
#include "trainers/data/image_set.hpp"

namespace tune::trainer {

/// Makes batches of a set's images, augmented and normalised, on the device that trains on them. The bytes stay as they are in
/// the set; each batch is one gather from them. One thread at a time.
class BatchMaker {
 public:
  /// `type` is that of the images' tensor: float, half or bfloat16.
  BatchMaker(ImageSet set, const AugmentSettings& settings, at::Device device, at::ScalarType type);

  [[nodiscard]] std::int64_t size() const { return set_.size(); }

  /// indices x channels x height x width. With `training` as settings.type says, with random numbers keyed by (settings.seed,
  /// epoch, index); without, nothing is random. REQUIRES: indices below size().
  [[nodiscard]] at::Tensor images(std::span<const std::int64_t> indices, std::int64_t epoch, bool training) const;

  /// The class of each (int64), or indices x classes of 0 and 1 (float) when an image has several labels.
  [[nodiscard]] at::Tensor labels(std::span<const std::int64_t> indices) const;

 private:
  ImageSet set_;
  AugmentSettings settings_;
  LevelValues values_;
  at::Device device_;
  at::ScalarType type_;
};

}  // namespace tune::trainer
