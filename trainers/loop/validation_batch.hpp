#pragma once

#include <algorithm>
#include <cstdint>

#include "trainers/data/image_set.hpp"

namespace tune::trainer {

/// How many images are validated at a time: enough to keep the kernels busy, and little memory beside what training takes. A GPU
/// is kept busy by more of them than a CPU's core.
inline std::int64_t validation_batch(const ImageShape& shape, bool on_gpu) {
  constexpr std::int64_t kPixels = 500 * 28 * 28;
  constexpr std::int64_t kPixelsOnGpu = 64 * 224 * 224;
  constexpr std::int64_t kMost = 500;        // images
  constexpr std::int64_t kMostOnGpu = 2000;  // images
  const std::int64_t fitting = (on_gpu ? kPixelsOnGpu : kPixels) / (shape.height * shape.width);
  return std::clamp<std::int64_t>(fitting, 1, on_gpu ? kMostOnGpu : kMost);
}

}  // namespace tune::trainer
