#pragma once

#include <cstdint>
#include <memory>
#include <numeric>
#include <vector>

#include "trainers/augment/augmentation.hpp"
#include "trainers/data/image_set.hpp"
#include "trainers/support/random.hpp"

/// Images for tests of the augmentation.
namespace tune::test {

inline constexpr trainer::AugmentationType kAugmentationTypes[] = {
    trainer::AugmentationType::kNone, trainer::AugmentationType::kCrop, trainer::AugmentationType::kCropColor,
    trainer::AugmentationType::kCropColorTransform};

/// Random pixels of random sizes from 1 to `largest`; or all of one size.
inline trainer::ImageSet random_images(std::uint64_t seed, std::int64_t count, std::int64_t channels, std::int32_t smallest,
                                       std::int32_t largest) {
  struct Owned {
    std::vector<std::uint8_t> pixels;
    std::vector<trainer::ImagePlace> places;
    std::vector<std::int32_t> labels;
  };
  auto owned = std::make_shared<Owned>();
  trainer::KeyedRandom random(seed, trainer::Purpose::kTrainImages, 0);
  const auto side = [&] {
    return smallest + static_cast<std::int32_t>(random.below(static_cast<std::uint64_t>(largest - smallest) + 1));
  };
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int32_t height = side();
    const std::int32_t width = side();
    owned->places.push_back({.offset = owned->pixels.size(), .height = height, .width = width});
    for (std::int64_t k = height * width * channels; k > 0; --k)
      owned->pixels.push_back(static_cast<std::uint8_t>(random.below(256)));
    owned->labels.push_back(static_cast<std::int32_t>(i));
  }
  trainer::ImageSet set;
  set.channels = channels;
  set.pixels = owned->pixels;
  set.places = owned->places;
  set.labels = owned->labels;
  set.owner = owned;
  return set;
}

/// Values are levels, so that they can be compared.
inline trainer::AugmentSettings plain_settings(trainer::AugmentationType type, std::int32_t channels, std::int32_t height,
                                               std::int32_t width) {
  trainer::AugmentSettings settings;
  settings.type = type;
  settings.channels = channels;
  settings.height = height;
  settings.width = width;
  for (float& deviation : settings.deviation) deviation = 1;
  settings.seed = 11;
  return settings;
}

inline std::vector<std::int64_t> all_of(const trainer::ImageSet& set) {
  std::vector<std::int64_t> indices(static_cast<std::size_t>(set.size()));
  std::iota(indices.begin(), indices.end(), 0);
  return indices;
}

}  // namespace tune::test
