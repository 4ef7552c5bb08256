#pragma once

#include <cstdint>
#include <functional>
#include <span>

#include "trainers/augment/augmentation.hpp"
#include "trainers/data/image_set.hpp"

namespace tune::trainer {

/// Runs its second argument on parts of 0 to its first one that together cover it once, in threads or not.
using RangeRunner = std::function<void(std::int64_t, const std::function<void(std::int64_t first, std::int64_t last)>&)>;

/// Runs `work` on 0 to `count`: by `parallel`, or where that is empty in the calling thread.
inline void run_ranges(const RangeRunner& parallel, std::int64_t count,
                       const std::function<void(std::int64_t first, std::int64_t last)>& work) {
  if (parallel) {
    parallel(count, work);
  } else {
    work(0, count);
  }
}

/// Fills `batch` (indices.size() x settings.channels x settings.height x settings.width floats) with the images of those indices.
/// `epoch` is part of what the random numbers are keyed by; without `training` nothing is random. What an image becomes depends
/// on settings, image, index and epoch alone, never on batch or threads. Without `parallel` the calling thread does all of it.
/// REQUIRES: indices below set.size().
void augment_cpu(const ImageSet& set, const AugmentSettings& settings, const LevelValues& values,
                 std::span<const std::int64_t> indices, std::int64_t epoch, bool training, float* batch,
                 const RangeRunner& parallel = {});

}  // namespace tune::trainer
