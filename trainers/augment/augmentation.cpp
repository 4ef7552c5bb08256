#include "trainers/augment/augmentation.hpp"

namespace tune::trainer {

std::optional<AugmentationType> parse_augmentation_type(std::string_view name) {
  if (name == "none") return AugmentationType::kNone;
  if (name == "crop") return AugmentationType::kCrop;
  if (name == "crop_color") return AugmentationType::kCropColor;
  if (name == "crop_color_transform") return AugmentationType::kCropColorTransform;
  return std::nullopt;
}

LevelValues make_level_values(const AugmentSettings& settings) {
  LevelValues values{};
  for (int channel = 0; channel < 3; ++channel) {
    for (int level = 0; level < 256; ++level) {
      values.of[channel][level] = (static_cast<float>(level) - settings.mean[channel]) / settings.deviation[channel];
    }
  }
  return values;
}

}  // namespace tune::trainer
