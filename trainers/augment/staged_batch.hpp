#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "trainers/augment/augment_cpu.hpp"
#include "trainers/data/image_set.hpp"

namespace tune::trainer {

/// A batch's images on their way to a device that does not hold the whole set: one run of bytes, so one transfer, with the
/// images' indices (int64 each), then their places (offsets from pixels_at), then their pixels.
struct StagedBatch {
  std::size_t places_at = 0;
  std::size_t pixels_at = 0;
  std::size_t bytes = 0;  ///< of all of it
};

/// How the bytes are laid out. REQUIRES: indices below set.size().
StagedBatch plan_staging(const ImageSet& set, std::span<const std::int64_t> indices);

/// Fills `buffer` (staged.bytes long, aligned to 16) with them.
void stage(const ImageSet& set, std::span<const std::int64_t> indices, const StagedBatch& staged, std::uint8_t* buffer,
           const RangeRunner& parallel = {});

}  // namespace tune::trainer
