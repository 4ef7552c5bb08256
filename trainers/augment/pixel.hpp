#pragma once

#include <cstdint>

#include "trainers/augment/image_plan.hpp"
#include "trainers/support/host_device.hpp"

namespace tune::trainer {

/// Hue (0 to 180: degrees divided by two), lightness and saturation (0 to 255): the 8-bit form that OpenCV's and with it MXNet's
/// colour changes are made in.
struct Hls {
  std::int32_t hue = 0, lightness = 0, saturation = 0;
};

/// Red, green and blue, or a grey level three times.
struct Levels {
  std::int32_t of[3] = {0, 0, 0};
};

namespace augment_detail {

inline constexpr int kWeightBits =
    11;  // of an interpolation's weight, as in OpenCV's resizing: two of them and a level fit 32 bits
inline constexpr std::int32_t kHueSector = 30;  // a sixth of the circle

/// a / b to the nearest whole number, halves upwards. REQUIRES: a >= 0, b > 0.
TUNE_HOST_DEVICE inline std::int32_t divide(std::int32_t a, std::int32_t b) { return (2 * a + b) / (2 * b); }

TUNE_HOST_DEVICE inline std::int32_t clamp(std::int32_t number, std::int32_t low, std::int32_t high) {
  return number < low ? low : number > high ? high : number;
}

/// A pixel of the image, or what is beyond its edge.
TUNE_HOST_DEVICE inline std::uint32_t tap(const ImagePlan& plan, const std::uint8_t* image, std::int32_t channels,
                                          std::int32_t channel, std::int64_t x, std::int64_t y, std::int32_t fill) {
  if (x < 0 || y < 0 || x >= plan.width || y >= plan.height) {
    if (plan.fill_outside != 0) return static_cast<std::uint32_t>(fill);
    x = x < 0 ? 0 : x >= plan.width ? plan.width - 1 : x;
    y = y < 0 ? 0 : y >= plan.height ? plan.height - 1 : y;
  }
  return image[(y * plan.width + x) * channels + channel];
}

}  // namespace augment_detail

/// Grey of a colour (ITU-R BT.601), 0 to 255.
TUNE_HOST_DEVICE inline std::uint8_t luma_of(const Levels& levels) {
  return static_cast<std::uint8_t>(augment_detail::divide(299 * levels.of[0] + 587 * levels.of[1] + 114 * levels.of[2], 1000));
}

/// From red, green and blue (0 to 255). Integers throughout, halves rounded upwards.
TUNE_HOST_DEVICE inline Hls hls_of(const Levels& levels) {
  using augment_detail::divide;
  using augment_detail::kHueSector;
  const std::int32_t red = levels.of[0];
  const std::int32_t green = levels.of[1];
  const std::int32_t blue = levels.of[2];
  const std::int32_t most = red > green ? (red > blue ? red : blue) : (green > blue ? green : blue);
  const std::int32_t least = red < green ? (red < blue ? red : blue) : (green < blue ? green : blue);
  const std::int32_t sum = most + least;
  const std::int32_t range = most - least;
  Hls out;
  out.lightness = divide(sum, 2);
  if (range == 0) return out;
  out.saturation = divide(255 * range, sum <= 255 ? sum : 510 - sum);
  if (most == red) {
    out.hue = divide(kHueSector * (green - blue + (green < blue ? 6 * range : 0)), range);
  } else if (most == green) {
    out.hue = divide(kHueSector * (blue - red + 2 * range), range);
  } else {
    out.hue = divide(kHueSector * (red - green + 4 * range), range);
  }
  return out;
}

/// Back to red, green and blue. REQUIRES: hue 0 to 180, the others 0 to 255.
TUNE_HOST_DEVICE inline Levels levels_of(const Hls& hls) {
  using augment_detail::divide;
  using augment_detail::kHueSector;
  const std::int32_t lightness = hls.lightness;
  const std::int32_t saturation = hls.saturation;
  // The most and the least of the three, times 255.
  const std::int32_t most =
      2 * lightness <= 255 ? lightness * (255 + saturation) : 255 * (lightness + saturation) - lightness * saturation;
  const std::int32_t least = 2 * 255 * lightness - most;
  const std::int32_t sector = hls.hue / kHueSector % 6;
  const std::int32_t part = hls.hue % kHueSector;
  const std::int32_t denominator = 255 * kHueSector;
  const std::int32_t high = divide(most, 255);
  const std::int32_t low = divide(least, 255);
  const std::int32_t rising = divide(least * kHueSector + (most - least) * part, denominator);
  const std::int32_t falling = divide(least * kHueSector + (most - least) * (kHueSector - part), denominator);
  switch (sector) {
    case 0:
      return {{high, rising, low}};
    case 1:
      return {{falling, high, low}};
    case 2:
      return {{low, high, rising}};
    case 3:
      return {{low, falling, high}};
    case 4:
      return {{rising, low, high}};
    default:
      return {{high, low, falling}};
  }
}

/// The level of one of the image's channels at the batch's pixel (x, y), which must be on the image (plan.left and so on):
/// bilinear between the four pixels around it, rounded.
TUNE_HOST_DEVICE inline std::int32_t sample_level(const ImagePlan& plan, const std::uint8_t* image, std::int32_t channels,
                                                  std::int32_t channel, std::int32_t x, std::int32_t y, std::int32_t fill) {
  using augment_detail::kWeightBits;
  using augment_detail::tap;
  const std::int64_t at_x = plan.x_start + x * plan.x_by_x + y * plan.x_by_y;
  const std::int64_t at_y = plan.y_start + x * plan.y_by_x + y * plan.y_by_y;
  const std::int64_t column = at_x >> kFixedBits;
  const std::int64_t row = at_y >> kFixedBits;
  if (plan.whole_pixels != 0) return image[(row * plan.width + column) * channels + channel];
  constexpr std::uint32_t kOne = 1U << kWeightBits;
  const auto right = static_cast<std::uint32_t>(at_x >> (kFixedBits - kWeightBits)) & (kOne - 1);
  const auto below = static_cast<std::uint32_t>(at_y >> (kFixedBits - kWeightBits)) & (kOne - 1);
  const std::uint32_t upper = tap(plan, image, channels, channel, column, row, fill) * (kOne - right) +
                              tap(plan, image, channels, channel, column + 1, row, fill) * right;
  const std::uint32_t lower = tap(plan, image, channels, channel, column, row + 1, fill) * (kOne - right) +
                              tap(plan, image, channels, channel, column + 1, row + 1, fill) * right;
  const std::uint32_t weighted = upper * (kOne - below) + lower * below;
  return static_cast<std::int32_t>((weighted + (1U << (2 * kWeightBits - 1))) >> (2 * kWeightBits));
}

/// The levels (0 to 255) of the batch's pixel (x, y), of each of settings.channels channels. `image` is where the image's bytes
/// begin, `channels` how many it has: grey becomes colour by repetition, colour grey by its luma. Of a grey batch only the
/// lightness changes.
TUNE_HOST_DEVICE inline Levels pixel_levels(const AugmentSettings& settings, const ImagePlan& plan, const std::uint8_t* image,
                                            std::int32_t channels, std::int32_t x, std::int32_t y) {
  using augment_detail::clamp;
  Levels levels;
  if (x < plan.left || x >= plan.right || y < plan.top || y >= plan.bottom) {
    levels = {{settings.fill, settings.fill, settings.fill}};
  } else {
    for (std::int32_t channel = 0; channel < channels; ++channel) {
      levels.of[channel] = sample_level(plan, image, channels, channel, x, y, settings.fill);
    }
    if (channels == 1) levels.of[1] = levels.of[2] = levels.of[0];
  }
  if (settings.channels == 1) {
    std::int32_t grey = channels == 3 ? luma_of(levels) : levels.of[0];
    if (plan.colours_change != 0) grey = clamp(grey + plan.lightness, 0, 255);
    return {{grey, grey, grey}};
  }
  if (plan.colours_change == 0) return levels;
  Hls hls = hls_of(levels);
  hls.hue = clamp(hls.hue + plan.hue, 0, 180);
  hls.lightness = clamp(hls.lightness + plan.lightness, 0, 255);
  hls.saturation = clamp(hls.saturation + plan.saturation, 0, 255);
  return levels_of(hls);
}

}  // namespace tune::trainer
