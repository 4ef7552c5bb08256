#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <span>
#include <vector>

#include "trainers/augment/augment_cpu.hpp"
#include "trainers/augment/augmentation.hpp"
#include "trainers/data/image_set.hpp"

namespace tune::trainer::cuda {

/// A set on a GPU, and batches of it by the kernel. The images' bytes stay there when they fit; otherwise each
/// batch's bytes go there by one asynchronous copy from page-locked memory, while the GPU is still at the step before. The labels
/// stay there in any case. Nothing waits for the GPU. One thread at a time.
class DeviceImages {
 public:
  /// `type` is that of the images' tensor: float, half or bfloat16; its layout has the channels last. The images' bytes stay
  /// on the GPU when they take at most `resident_share` of its free memory. `parallel` is for gathering bytes on the host.
  DeviceImages(const ImageSet& set, const AugmentSettings& settings, at::Device device, at::ScalarType type,
               double resident_share, RangeRunner parallel);

  /// Whether the images' bytes are on the GPU.
  [[nodiscard]] bool resident() const { return pixels_.defined(); }

  at::Tensor images(std::span<const std::int64_t> indices, std::int64_t epoch, bool training);
  at::Tensor labels(std::span<const std::int64_t> indices);

 private:
  at::Tensor upload(std::span<const std::int64_t> indices);

  ImageSet set_;
  AugmentSettings settings_;
  at::Device device_;
  at::ScalarType type_;
  RangeRunner parallel_;
  at::Tensor values_;  ///< what each level of each channel becomes, 3 x 256
  at::Tensor labels_;
  at::Tensor pixels_;  ///< undefined: not resident
  at::Tensor places_;
  std::vector<std::int64_t> uploaded_;  ///< the indices that are in device_indices_, because labels follow images
  at::Tensor device_indices_;
};

}  // namespace tune::trainer::cuda
