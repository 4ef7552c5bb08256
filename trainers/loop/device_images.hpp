#pragma once

#include <ATen/ATen.h>

#include "trainers/data/image_set.hpp"

namespace tune::trainer {

/// A whole set on the device it is trained on, normalised once: a batch is one gather.
struct DeviceImages {
  at::Tensor images;  ///< N x channels x height x width, float
  at::Tensor labels;  ///< N, int64

  [[nodiscard]] std::int64_t size() const { return labels.size(0); }
};

/// Mean and standard deviation of the pixel values.
struct Normalisation {
  double mean = 0;
  double deviation = 1;
};

Normalisation measure(const ImageSet& set);
DeviceImages to_device(const ImageSet& set, Normalisation normalisation, at::Device device);

}  // namespace tune::trainer
