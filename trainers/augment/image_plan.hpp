#pragma once

#include <cstdint>

#include "trainers/augment/augmentation.hpp"
#include "trainers/data/image_set.hpp"
#include "trainers/support/host_device.hpp"
#include "trainers/support/random.hpp"

namespace tune::trainer {

// The largest changes, as SageMaker documents them and MXNet's examples have them.
inline constexpr int kMaxAngle = 10;        // degrees, either way
inline constexpr double kMaxShear = 0.1;    // share of the height
inline constexpr double kMaxAspect = 0.25;  // of the ratio width : height, around 1
inline constexpr int kMaxHue = 36;          // of 0 to 180: two degrees each
inline constexpr int kMaxSaturation = 50;   // of 0 to 255
inline constexpr int kMaxLightness = 50;    // of 0 to 255
inline constexpr int kFixedBits = 32;       // of a source coordinate's fraction

/// What is done to one image, drawn and computed once for it; what is left for each pixel is integer arithmetic, so that a GPU
/// and a CPU agree to the bit.
struct ImagePlan {
  std::uint64_t offset = 0;  ///< of the image's bytes
  std::int32_t height = 0;   ///< of the image
  std::int32_t width = 0;
  /// Where the centre of the batch's pixel (x, y) lies in the image, in pixels from the centre of its first one, times 2^32:
  /// x_start + x * x_by_x + y * x_by_y, and the same for y.
  std::int64_t x_start = 0, x_by_x = 0, x_by_y = 0;
  std::int64_t y_start = 0, y_by_x = 0, y_by_y = 0;
  /// The batch's pixels from (left, top) to before (right, bottom) show the image; the others are `fill`.
  std::int32_t left = 0, top = 0, right = 0, bottom = 0;
  std::int16_t hue = 0, lightness = 0, saturation = 0;  ///< added
  std::uint8_t whole_pixels = 0;    ///< 1: the image's own pixels, in order or mirrored, and nothing between them
  std::uint8_t fill_outside = 0;    ///< 1: beyond the image's edge is `fill`; 0: its nearest pixel
  std::uint8_t colours_change = 0;  ///< 1: hue, lightness and saturation are to be added
};

/// What is drawn at random for one image. Always all of it and in this order, so that a type does to an image what the types
/// before it do.
struct ImageDraws {
  bool mirror = false;
  std::uint64_t crop_y = 0, crop_x = 0;
  int hue = 0, saturation = 0, lightness = 0;
  double shear = 0;
  int angle = 0;  ///< degrees
  double aspect = 1;
};

namespace augment_detail {

/// MXNet's offset: not uniform, but (u1 + 4 u2) / 5 of two uniform numbers, on -max to max; the fraction is dropped.
TUNE_HOST_DEVICE inline int draw_offset(KeyedRandom& random, int max) {
  const double first = random.uniform();
  const double second = random.uniform();
  return static_cast<int>((first + 4 * second) / 5 * max * 2 - max);
}

TUNE_HOST_DEVICE inline std::int64_t to_fixed(double number) {
  const double scaled = number * 4294967296.0 + 0.5;
  const auto truncated = static_cast<std::int64_t>(scaled);
  return scaled < static_cast<double>(truncated) ? truncated - 1 : truncated;
}

TUNE_HOST_DEVICE inline std::int64_t ceiling(double number) {
  const auto truncated = static_cast<std::int64_t>(number);
  return number > static_cast<double>(truncated) ? truncated + 1 : truncated;
}

TUNE_HOST_DEVICE inline std::int32_t clamp_to(std::int64_t number, std::int32_t most) {
  return static_cast<std::int32_t>(number < 0 ? 0 : number > most ? most : number);
}

/// Sine and cosine of at most 10 degrees by their series, to the last bits of a double: unlike the library's they are the same
/// everywhere.
TUNE_HOST_DEVICE inline void sine_and_cosine(int degrees, double& sine, double& cosine) {
  const double angle = degrees * (3.14159265358979323846 / 180.0);
  const double square = angle * angle;
  sine = angle * (1 - square / 6 * (1 - square / 20 * (1 - square / 42 * (1 - square / 72 * (1 - square / 110)))));
  cosine = 1 - square / 2 * (1 - square / 12 * (1 - square / 30 * (1 - square / 56 * (1 - square / 90))));
}

struct Size {
  std::int64_t height, width;
};

/// The image's size after `resize`: the shorter side that long, the other one in proportion, rounded down.
TUNE_HOST_DEVICE inline Size resized(const ImagePlace& place, std::int64_t resize) {
  const std::int64_t height = place.height;
  const std::int64_t width = place.width;
  if (resize <= 0) return {height, width};
  return height > width ? Size{resize * height / width, resize} : Size{resize, resize * width / height};
}

/// The padded image's size when it is smaller than the crop: enlarged until it is not, its proportions kept.
TUNE_HOST_DEVICE inline Size enlarged(Size size, std::int64_t height, std::int64_t width) {
  if (size.height < height) size = {height, height * size.width / size.height};
  if (size.width < width) size = {width * size.height / size.width, width};
  if (size.height < height) size.height = height;  // a pixel lost to rounding
  return size;
}

/// A map of coordinates: x' = xx x + xy y + x0, and so on.
struct Affine {
  double xx = 1, xy = 0, x0 = 0;
  double yx = 0, yy = 1, y0 = 0;
};

/// From the turned image's coordinates back to those of the image. MXNet's matrix M for the way there is
///   (h cos - s w sin   h sin + s w cos)
///   (    -w sin             w cos     )  with shear s, ratio r = w / h and h = 2 / (1 + r); its determinant is h w.
/// The centre stays where it is.
TUNE_HOST_DEVICE inline Affine inverse_transform(const ImageDraws& draws, Size size) {
  double sine = 0;
  double cosine = 1;
  sine_and_cosine(draws.angle, sine, cosine);
  const double h = 2 / (1 + draws.aspect);
  const double w = draws.aspect * h;
  const double center_x = static_cast<double>(size.width) / 2;
  const double center_y = static_cast<double>(size.height) / 2;
  Affine back;
  back.xx = cosine / h;
  back.xy = -(h * sine + draws.shear * w * cosine) / (h * w);
  back.yx = sine / h;
  back.yy = (h * cosine - draws.shear * w * sine) / (h * w);
  back.x0 = center_x - back.xx * center_x - back.xy * center_y;
  back.y0 = center_y - back.yx * center_x - back.yy * center_y;
  return back;
}

}  // namespace augment_detail

/// The draws of sample `sample` in epoch `epoch`: the same whatever the batch, the order and the device.
TUNE_HOST_DEVICE inline ImageDraws draw_image(std::uint64_t seed, std::int64_t epoch, std::int64_t sample) {
  using augment_detail::draw_offset;
  KeyedRandom random(seed, Purpose::kAugmentation, static_cast<std::uint64_t>(epoch), static_cast<std::uint64_t>(sample));
  ImageDraws draws;
  draws.mirror = (random.next() >> 63) != 0;
  draws.crop_y = random.next();
  draws.crop_x = random.next();
  draws.hue = draw_offset(random, kMaxHue);
  draws.saturation = draw_offset(random, kMaxSaturation);
  draws.lightness = draw_offset(random, kMaxLightness);
  draws.shear = random.uniform(-kMaxShear, kMaxShear);
  draws.angle = static_cast<int>(random.below(2 * kMaxAngle + 1)) - kMaxAngle;
  draws.aspect = random.uniform(1 - kMaxAspect, 1 + kMaxAspect);
  return draws;
}

/// The plan of one image. In training, in this order: resized; turned, sheared and stretched around its centre; padded; enlarged
/// when it is smaller than the batch's images; a part cut out at random; mirrored. Otherwise: resized, enlarged, and the centre
/// cut out. All steps are one map of coordinates, so there is one interpolation (bilinear), where MXNet has one for each.
/// REQUIRES: sizes of 1 to 65535 pixels.
TUNE_HOST_DEVICE inline ImagePlan make_plan(const AugmentSettings& settings, const ImagePlace& place, std::int64_t epoch,
                                            std::int64_t sample, bool training) {
  using namespace augment_detail;
  const AugmentationType type = training ? settings.type : AugmentationType::kNone;
  const bool random = type != AugmentationType::kNone;
  const bool transform = type == AugmentationType::kCropColorTransform;
  const ImageDraws draws = random ? draw_image(settings.seed, epoch, sample) : ImageDraws{};
  const std::int64_t pad = training ? settings.pad : 0;

  const Size canvas = resized(place, settings.resize);
  const Size padded{canvas.height + 2 * pad, canvas.width + 2 * pad};
  const Size large = enlarged(padded, settings.height, settings.width);
  const std::int64_t room_y = large.height - settings.height;
  const std::int64_t room_x = large.width - settings.width;
  const auto place_in = [random](std::uint64_t draw, std::int64_t room) {
    __extension__ using Wide = unsigned __int128;
    return random ? static_cast<std::int64_t>((static_cast<Wide>(draw) * (static_cast<std::uint64_t>(room) + 1)) >> 64)
                  : room / 2;
  };
  const std::int64_t crop_y = place_in(draws.crop_y, room_y);
  const std::int64_t crop_x = place_in(draws.crop_x, room_x);

  ImagePlan plan;
  plan.offset = place.offset;
  plan.height = place.height;
  plan.width = place.width;
  plan.whole_pixels = !transform && canvas.height == place.height && canvas.width == place.width &&
                      large.height == padded.height && large.width == padded.width;
  plan.fill_outside = transform;
  if (random && type != AugmentationType::kCrop) {
    plan.colours_change = 1;
    plan.hue = static_cast<std::int16_t>(draws.hue);
    plan.lightness = static_cast<std::int16_t>(draws.lightness);
    plan.saturation = static_cast<std::int16_t>(draws.saturation);
  }

  // Batch to canvas, in the coordinates of edges: the first pixel reaches from 0 to 1.
  const double step_y = static_cast<double>(padded.height) / static_cast<double>(large.height);
  const double step_x = static_cast<double>(padded.width) / static_cast<double>(large.width);
  const double first_y = (static_cast<double>(crop_y) + 0.5) * step_y - static_cast<double>(pad);
  const double first_x = (static_cast<double>(crop_x) + 0.5) * step_x - static_cast<double>(pad);
  // The pixels whose centres lie on the canvas.
  std::int64_t left = ceiling(-first_x / step_x);
  std::int64_t right = ceiling((static_cast<double>(canvas.width) - first_x) / step_x);
  plan.top = clamp_to(ceiling(-first_y / step_y), settings.height);
  plan.bottom = clamp_to(ceiling((static_cast<double>(canvas.height) - first_y) / step_y), settings.height);
  if (draws.mirror) {
    const std::int64_t mirrored_left = settings.width - right;
    right = settings.width - left;
    left = mirrored_left;
  }
  plan.left = clamp_to(left, settings.width);
  plan.right = clamp_to(right, settings.width);

  // Canvas to image, then both together; a mirrored image is gone through from its last pixel to its first.
  const Affine back = transform ? inverse_transform(draws, canvas) : Affine{};
  const double scale_y = static_cast<double>(place.height) / static_cast<double>(canvas.height);
  const double scale_x = static_cast<double>(place.width) / static_cast<double>(canvas.width);
  const double begin_x = draws.mirror ? first_x + (settings.width - 1) * step_x : first_x;
  const double along_x = draws.mirror ? -step_x : step_x;
  plan.x_start = to_fixed((back.xx * begin_x + back.xy * first_y + back.x0) * scale_x - 0.5);
  plan.x_by_x = to_fixed(back.xx * along_x * scale_x);
  plan.x_by_y = to_fixed(back.xy * step_y * scale_x);
  plan.y_start = to_fixed((back.yx * begin_x + back.yy * first_y + back.y0) * scale_y - 0.5);
  plan.y_by_x = to_fixed(back.yx * along_x * scale_y);
  plan.y_by_y = to_fixed(back.yy * step_y * scale_y);
  return plan;
}

}  // namespace tune::trainer
