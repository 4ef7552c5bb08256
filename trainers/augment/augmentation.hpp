#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

/// From the images of a set to a batch that a network takes: size, random changes, normalisation. What MXNet's default augmenter
/// does for SageMaker's image classification (src/io/image_aug_default.cc), as one gather (image_plan.hpp, pixel.hpp) that is
/// the same on a CPU and on a GPU.
namespace tune::trainer {

/// SageMaker's augmentation_type; each does what the one before it does, and more. Training only.
enum class AugmentationType : std::int32_t {
  kNone,               ///< the centre of the image
  kCrop,               ///< a random part of it, mirrored half of the time
  kCropColor,          ///< and hue, saturation and lightness changed
  kCropColorTransform  ///< and turned, sheared, stretched
};

/// "none", "crop", "crop_color" or "crop_color_transform"; anything else is nothing.
std::optional<AugmentationType> parse_augmentation_type(std::string_view name);

/// How images become a batch. Plain data: it is handed to GPU kernels as it is.
struct AugmentSettings {
  AugmentationType type = AugmentationType::kNone;
  std::int32_t channels = 3;             ///< of the batch: 1 or 3, whatever the images have
  std::int32_t height = 0;               ///< pixels, of the batch
  std::int32_t width = 0;                ///< pixels, of the batch
  std::int32_t resize = 0;               ///< pixels of an image's shorter side before anything else; 0: as it is
  std::int32_t pad = 0;                  ///< pixels of `fill` added on each side, in training only, before the crop
  std::int32_t fill = 127;               ///< 0 to 255: what is seen where there is no image (127 as in MXNet's examples)
  float mean[3] = {0, 0, 0};             ///< of each channel, in levels 0 to 255
  float deviation[3] = {255, 255, 255};  ///< of each channel, in levels; not 0
  std::uint64_t seed = 0;
};

/// The value of a level in a channel: (level - mean) / deviation. A table, because there are only 256 levels.
struct LevelValues {
  float of[3][256];
};
LevelValues make_level_values(const AugmentSettings& settings);

}  // namespace tune::trainer
