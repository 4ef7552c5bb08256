#pragma once

#include <cstdint>

#include "trainers/augment/augmentation.hpp"
#include "trainers/augment/image_plan.hpp"
#include "trainers/augment/pixel.hpp"
#include "trainers/support/host_device.hpp"

namespace tune::trainer {

inline constexpr int kLevels = 256;

/// One batch to be made, by pointers alone: the form in which it goes to a GPU. Everything that is pointed at lies where the work
/// is done. Runs on a CPU too, which is how it is tested where there is no GPU.
struct AugmentJob {
  AugmentSettings settings;
  const std::uint8_t* pixels = nullptr;
  const ImagePlace* places = nullptr;
  const std::int64_t* rows = nullptr;     ///< which place each image of the batch has; null: the first has the first, and so on
  const std::int64_t* samples = nullptr;  ///< the index of each in its set, which its random numbers are keyed by
  std::int32_t channels = 0;              ///< of the images: 1 or 3
  std::int64_t count = 0;                 ///< of images
  std::int64_t epoch = 0;
  bool training = false;
  /// What each level of each channel becomes, in the batch's own type: 3 x 256 of them. Because of it nothing here knows how
  /// floats of 16 bits are rounded.
  const void* values = nullptr;
  std::int32_t value_bytes = 4;  ///< 2 (half, bfloat16) or 4 (float)
  bool channels_last = false;    ///< a pixel's channels side by side; else one plane a channel
  void* batch = nullptr;         ///< count x channels x height x width values
};

/// The plan of the batch's image `image`.
TUNE_HOST_DEVICE inline ImagePlan plan_of(const AugmentJob& job, std::int64_t image) {
  const ImagePlace& place = job.places[job.rows == nullptr ? image : job.rows[image]];
  return make_plan(job.settings, place, job.epoch, job.samples[image], job.training);
}

/// Writes pixel number `pixel` (row by row) of the batch's image `image`. `Value` has job.value_bytes bytes.
template <class Value>
TUNE_HOST_DEVICE inline void make_pixel(const AugmentJob& job, const ImagePlan& plan, std::int64_t image, std::int32_t pixel) {
  const AugmentSettings& settings = job.settings;
  const Levels levels =
      pixel_levels(settings, plan, job.pixels + plan.offset, job.channels, pixel % settings.width, pixel / settings.width);
  const auto* values = static_cast<const Value*>(job.values);
  auto* batch = static_cast<Value*>(job.batch);
  const std::int64_t pixels = static_cast<std::int64_t>(settings.height) * settings.width;
  const std::int64_t first = image * pixels * settings.channels;
  for (std::int32_t channel = 0; channel < settings.channels; ++channel) {
    const std::int64_t at =
        job.channels_last ? first + std::int64_t{pixel} * settings.channels + channel : first + channel * pixels + pixel;
    batch[at] = values[channel * kLevels + levels.of[channel]];
  }
}

}  // namespace tune::trainer
