#include "trainers/augment/augment_cpu.hpp"

#include <algorithm>
#include <cstddef>

#include "trainers/augment/image_plan.hpp"
#include "trainers/augment/pixel.hpp"

namespace tune::trainer {
namespace {

/// The image's own pixels and nothing between them, in as many channels: copied row by row through the table.
void copy_pixels(const AugmentSettings& settings, const LevelValues& values, const ImagePlan& plan, const std::uint8_t* image,
                 float* out) {
  const std::int64_t step = plan.x_by_x > 0 ? settings.channels : -settings.channels;
  const std::int64_t plane = std::int64_t{settings.height} * settings.width;
  const std::int64_t column = (plan.x_start >> kFixedBits) + plan.left * (plan.x_by_x >> kFixedBits);
  for (std::int32_t channel = 0; channel < settings.channels; ++channel) {
    const float* value = values.of[channel];
    const float fill = value[settings.fill];
    for (std::int32_t y = 0; y < settings.height; ++y) {
      float* row = out + channel * plane + std::int64_t{y} * settings.width;
      if (y < plan.top || y >= plan.bottom) {
        std::fill_n(row, settings.width, fill);
        continue;
      }
      std::fill(row, row + plan.left, fill);
      const std::int64_t source_row = (plan.y_start >> kFixedBits) + y;
      const std::uint8_t* from = image + (source_row * plan.width + column) * settings.channels + channel;
      for (std::int32_t x = plan.left; x < plan.right; ++x, from += step) row[x] = value[*from];
      std::fill(row + plan.right, row + settings.width, fill);
    }
  }
}

void make_image(const ImageSet& set, const AugmentSettings& settings, const LevelValues& values, const ImagePlan& plan,
                float* out) {
  const std::uint8_t* image = set.pixels.data() + plan.offset;
  if (plan.whole_pixels != 0 && plan.colours_change == 0 && set.channels == settings.channels) {
    copy_pixels(settings, values, plan, image, out);
    return;
  }
  const std::int64_t plane = std::int64_t{settings.height} * settings.width;
  for (std::int32_t y = 0; y < settings.height; ++y) {
    for (std::int32_t x = 0; x < settings.width; ++x, ++out) {
      const Levels levels = pixel_levels(settings, plan, image, static_cast<std::int32_t>(set.channels), x, y);
      for (std::int32_t channel = 0; channel < settings.channels; ++channel) {
        out[channel * plane] = values.of[channel][levels.of[channel]];
      }
    }
  }
}

}  // namespace

void augment_cpu(const ImageSet& set, const AugmentSettings& settings, const LevelValues& values,
                 std::span<const std::int64_t> indices, std::int64_t epoch, bool training, float* batch,
                 const RangeRunner& parallel) {
  const std::int64_t pixels = std::int64_t{settings.channels} * settings.height * settings.width;
  const auto make = [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t i = first; i < last; ++i) {
      const std::int64_t index = indices[static_cast<std::size_t>(i)];
      const ImagePlace& place = set.places[static_cast<std::size_t>(index)];
      make_image(set, settings, values, make_plan(settings, place, epoch, index, training), batch + i * pixels);
    }
  };
  run_ranges(parallel, static_cast<std::int64_t>(indices.size()), make);
}

}  // namespace tune::trainer
