#pragma once

#include <algorithm>
#include <cstdint>

#include "trainers/data/image_set.hpp"

namespace tune::trainer {

/// How many images are validated at a time: enough to keep the kernels busy, and little memory.
inline std::int64_t validation_batch(const ImageShape& shape) {
  constexpr std::int64_t kPixels = 500 * 28 * 28;
  constexpr std::int64_t kMost = 500;
  return std::clamp<std::int64_t>(kPixels / (shape.height * shape.width), 1, kMost);
}

}  // namespace tune::trainer
