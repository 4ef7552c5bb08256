#include "trainers/augment/staged_batch.hpp"

#include <cstring>
#include <vector>

namespace tune::trainer {
namespace {

std::size_t bytes_of(const ImageSet& set, const ImagePlace& place) {
  return static_cast<std::size_t>(place.height) * static_cast<std::size_t>(place.width) * static_cast<std::size_t>(set.channels);
}

const ImagePlace& place_of(const ImageSet& set, std::int64_t index) { return set.places[static_cast<std::size_t>(index)]; }

}  // namespace

StagedBatch plan_staging(const ImageSet& set, std::span<const std::int64_t> indices) {
  static_assert(sizeof(ImagePlace) % alignof(ImagePlace) == 0 && sizeof(std::int64_t) == 8);
  constexpr std::size_t kAlignment = 16;
  StagedBatch staged;
  staged.places_at = (indices.size_bytes() + kAlignment - 1) / kAlignment * kAlignment;
  staged.pixels_at = staged.places_at + indices.size() * sizeof(ImagePlace);
  staged.bytes = staged.pixels_at;
  for (const std::int64_t index : indices) staged.bytes += bytes_of(set, place_of(set, index));
  return staged;
}

void stage(const ImageSet& set, std::span<const std::int64_t> indices, const StagedBatch& staged, std::uint8_t* buffer,
           const RangeRunner& parallel) {
  std::memcpy(buffer, indices.data(), indices.size_bytes());
  std::vector<ImagePlace> places;
  std::uint64_t offset = 0;
  for (const std::int64_t index : indices) {
    places.push_back(place_of(set, index));
    places.back().offset = offset;
    offset += bytes_of(set, places.back());
  }
  std::memcpy(buffer + staged.places_at, places.data(), places.size() * sizeof(ImagePlace));
  const auto copy = [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t i = first; i < last; ++i) {
      const ImagePlace& from = place_of(set, indices[static_cast<std::size_t>(i)]);
      const ImagePlace& to = places[static_cast<std::size_t>(i)];
      std::memcpy(buffer + staged.pixels_at + to.offset, set.pixels.data() + from.offset, bytes_of(set, from));
    }
  };
  run_ranges(parallel, static_cast<std::int64_t>(indices.size()), copy);
}

}  // namespace tune::trainer
