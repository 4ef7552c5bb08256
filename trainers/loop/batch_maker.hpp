#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <memory>
#include <span>

#include "trainers/augment/augmentation.hpp"
#include "trainers/data/image_set.hpp"

namespace tune::trainer {

namespace cuda {
class DeviceImages;
}

/// Makes batches of a set's images, augmented and normalised, on the device that trains on them. The bytes stay as they are in
/// the set; each batch is one gather from them: on a GPU by our kernel, where the program was built with it, otherwise by the
/// CPU. Both give the same numbers. One thread at a time.
class BatchMaker {
 public:
  /// How much of a GPU's free memory the images may take to stay there; the rest is the network's.
  static constexpr double kResidentShare = 0.4;

  /// `type` is that of the images' tensor: float, half or bfloat16. On a GPU it has the channels last.
  BatchMaker(ImageSet set, const AugmentSettings& settings, at::Device device, at::ScalarType type,
             double resident_share = kResidentShare);
  ~BatchMaker();

  [[nodiscard]] std::int64_t size() const { return set_.size(); }

  /// Whether the images' bytes are on a GPU.
  [[nodiscard]] bool resident() const;

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
  std::unique_ptr<cuda::DeviceImages> on_gpu_;
};

}  // namespace tune::trainer
