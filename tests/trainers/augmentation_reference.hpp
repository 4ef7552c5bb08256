#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <vector>

#include "trainers/augment/augmentation.hpp"
#include "trainers/data/image_set.hpp"
#include "trainers/support/random.hpp"

/// The augmentation once more: step by step, in doubles, slow, and sharing nothing with the trainer's but the random numbers.
namespace tune::test {

using trainer::AugmentationType;

/// Random numbers in the order in which the trainer is to draw them.
struct ReferenceDraws {
  bool mirror;
  double crop_y, crop_x;  ///< shares of the room
  int hue, saturation, lightness;
  double shear;
  int angle;
  double aspect;
};

inline ReferenceDraws reference_draws(std::uint64_t seed, std::int64_t epoch, std::int64_t sample) {
  trainer::KeyedRandom random(seed, trainer::Purpose::kAugmentation, static_cast<std::uint64_t>(epoch),
                              static_cast<std::uint64_t>(sample));
  const auto bits = [&random] { return std::ldexp(static_cast<double>(random.next()), -64); };
  const auto offset = [&random](int max) {
    const double u1 = random.uniform();
    const double u2 = random.uniform();
    return static_cast<int>(std::trunc((u1 + 4 * u2) / 5 * 2 * max - max));
  };
  ReferenceDraws draws{};
  draws.mirror = bits() >= 0.5;
  draws.crop_y = bits();
  draws.crop_x = bits();
  draws.hue = offset(36);
  draws.saturation = offset(50);
  draws.lightness = offset(50);
  draws.shear = -0.1 + 0.2 * random.uniform();
  draws.angle = static_cast<int>(std::floor(bits() * 21)) - 10;
  draws.aspect = 0.75 + 0.5 * random.uniform();
  return draws;
}

struct ReferencePixel {
  double level[3];    ///< of the image's channels, not rounded
  bool near_an_edge;  ///< so near the canvas's edge that which side it is on is a matter of rounding
};

/// Geometry alone: what is seen at (x, y) of the batch's image.
class ReferenceGeometry {
 public:
  ReferenceGeometry(const trainer::ImageSet& set, std::int64_t index, const trainer::AugmentSettings& settings,
                    std::int64_t epoch, bool training)
      : set_(set), place_(set.places[static_cast<std::size_t>(index)]), settings_(settings) {
    random_ = training && settings.type != AugmentationType::kNone;
    transform_ = training && settings.type == AugmentationType::kCropColorTransform;
    draws_ = reference_draws(settings.seed, epoch, index);
    pad_ = training ? settings.pad : 0;
    canvas_height_ = place_.height;
    canvas_width_ = place_.width;
    if (settings.resize > 0 && place_.height > place_.width) {
      canvas_width_ = settings.resize;
      canvas_height_ = std::floor(double(settings.resize) * place_.height / place_.width);
    } else if (settings.resize > 0) {
      canvas_height_ = settings.resize;
      canvas_width_ = std::floor(double(settings.resize) * place_.width / place_.height);
    }
    large_height_ = canvas_height_ + 2 * pad_;
    large_width_ = canvas_width_ + 2 * pad_;
    if (large_height_ < settings.height) {
      large_width_ = std::floor(settings.height * large_width_ / large_height_);
      large_height_ = settings.height;
    }
    if (large_width_ < settings.width) {
      large_height_ = std::max<double>(settings.height, std::floor(settings.width * large_height_ / large_width_));
      large_width_ = settings.width;
    }
    const double room_y = large_height_ - settings.height;
    const double room_x = large_width_ - settings.width;
    crop_y_ = std::floor(random_ ? draws_.crop_y * (room_y + 1) : room_y / 2);
    crop_x_ = std::floor(random_ ? draws_.crop_x * (room_x + 1) : room_x / 2);
  }

  [[nodiscard]] ReferencePixel at(int x, int y) const {
    if (random_ && draws_.mirror) x = settings_.width - 1 - x;
    // Out of the crop, the enlarging and the padding.
    double u = (x + crop_x_ + 0.5) * (canvas_width_ + 2 * pad_) / large_width_ - pad_;
    double v = (y + crop_y_ + 0.5) * (canvas_height_ + 2 * pad_) / large_height_ - pad_;
    ReferencePixel pixel{};
    const auto close = [](double a, double b) { return std::abs(a - b) < 1e-6; };
    pixel.near_an_edge = close(u, 0) || close(v, 0) || close(u, canvas_width_) || close(v, canvas_height_);
    if (u < 0 || v < 0 || u >= canvas_width_ || v >= canvas_height_) {
      for (double& level : pixel.level) level = settings_.fill;
      return pixel;
    }
    if (transform_) {  // solve M (source - centre) = (u, v) - centre by Cramer's rule
      const double angle = draws_.angle * std::numbers::pi / 180;
      const double a = std::cos(angle);
      const double b = std::sin(angle);
      const double hs = 2 / (1 + draws_.aspect);
      const double ws = draws_.aspect * hs;
      const double m00 = hs * a - draws_.shear * b * ws;
      const double m01 = hs * b + draws_.shear * a * ws;
      const double m10 = -b * ws;
      const double m11 = a * ws;
      const double du = u - canvas_width_ / 2;
      const double dv = v - canvas_height_ / 2;
      const double determinant = m00 * m11 - m01 * m10;
      u = canvas_width_ / 2 + (du * m11 - m01 * dv) / determinant;
      v = canvas_height_ / 2 + (m00 * dv - du * m10) / determinant;
    }
    // Out of the resizing, and to the coordinates of pixels' centres.
    u = u * place_.width / canvas_width_ - 0.5;
    v = v * place_.height / canvas_height_ - 0.5;
    for (int channel = 0; channel < set_.channels; ++channel) pixel.level[channel] = bilinear(u, v, channel);
    return pixel;
  }

 private:
  [[nodiscard]] double source(double x, double y, int channel) const {
    const bool outside = x < 0 || y < 0 || x >= place_.width || y >= place_.height;
    if (outside && transform_) return settings_.fill;
    const auto column = static_cast<std::size_t>(std::clamp<double>(x, 0, place_.width - 1));
    const auto row = static_cast<std::size_t>(std::clamp<double>(y, 0, place_.height - 1));
    const auto channels = static_cast<std::size_t>(set_.channels);
    const auto width = static_cast<std::size_t>(place_.width);
    return set_.pixels[place_.offset + (row * width + column) * channels + static_cast<std::size_t>(channel)];
  }

  [[nodiscard]] double bilinear(double u, double v, int channel) const {
    const double x = std::floor(u);
    const double y = std::floor(v);
    return (1 - (v - y)) * ((1 - (u - x)) * source(x, y, channel) + (u - x) * source(x + 1, y, channel)) +
           (v - y) * ((1 - (u - x)) * source(x, y + 1, channel) + (u - x) * source(x + 1, y + 1, channel));
  }

  const trainer::ImageSet& set_;
  trainer::ImagePlace place_;
  const trainer::AugmentSettings& settings_;
  ReferenceDraws draws_{};
  bool random_ = false, transform_ = false;
  double pad_ = 0, canvas_height_ = 0, canvas_width_ = 0, large_height_ = 0, large_width_ = 0, crop_y_ = 0, crop_x_ = 0;
};

/// Hue in 0 to 180, lightness and saturation in 0 to 255, each rounded, halves up (the textbook's formulas, in 0 to 1).
inline std::vector<int> reference_hls(double red, double green, double blue) {
  const double most = std::max({red, green, blue});
  const double least = std::min({red, green, blue});
  const double range = most - least;
  double degrees = 0;
  double saturation = 0;
  if (range > 0) {
    saturation = 255 * range / (most + least <= 255 ? most + least : 510 - most - least);
    if (most == red) {
      degrees = 60 * (green - blue) / range;
    } else if (most == green) {
      degrees = 60 * (blue - red) / range + 120;
    } else {
      degrees = 60 * (red - green) / range + 240;
    }
    if (degrees < 0) degrees += 360;
  }
  const auto rounded = [](double number) { return static_cast<int>(std::floor(number + 0.5)); };
  return {rounded(degrees / 2), rounded((most + least) / 2), rounded(saturation)};
}

/// Red, green and blue in 0 to 255, not rounded (chroma, intermediate and match, as in textbooks).
inline std::vector<double> reference_rgb(int hue, int lightness, int saturation) {
  const double chroma = (1 - std::abs(2 * lightness / 255.0 - 1)) * saturation / 255.0;
  const double sector = std::fmod(hue * 2, 360) / 60;
  const double middle = chroma * (1 - std::abs(std::fmod(sector, 2) - 1));
  const double base = lightness / 255.0 - chroma / 2;
  std::vector<double> rgb;
  switch (static_cast<int>(sector)) {
    case 0:
      rgb = {chroma, middle, 0};
      break;
    case 1:
      rgb = {middle, chroma, 0};
      break;
    case 2:
      rgb = {0, chroma, middle};
      break;
    case 3:
      rgb = {0, middle, chroma};
      break;
    case 4:
      rgb = {middle, 0, chroma};
      break;
    default:
      rgb = {chroma, 0, middle};
      break;
  }
  for (double& level : rgb) level = (level + base) * 255;
  return rgb;
}

/// Whether `level` is `exact` rounded; where that lies halfway between two levels, either will do.
inline bool is_rounded(int level, double exact) { return std::abs(level - exact) <= 0.5 + 1e-9; }

}  // namespace tune::test
