#include "trainers/data/resize.hpp"

#include <algorithm>
#include <string>
#include <vector>

namespace tune::trainer {
namespace {

/// From where one row or column of the result is taken: (1 - weight) * source[low] + weight * source[high].
struct Tap {
  std::size_t low = 0;
  std::size_t high = 0;
  float weight = 0;
};

std::vector<Tap> taps(std::int64_t from, std::int64_t to) {
  std::vector<Tap> all(static_cast<std::size_t>(to));
  const double scale = static_cast<double>(from) / static_cast<double>(to);
  for (std::int64_t i = 0; i < to; ++i) {
    const double at = std::clamp((static_cast<double>(i) + 0.5) * scale - 0.5, 0.0, static_cast<double>(from - 1));
    const auto low = static_cast<std::int64_t>(at);
    all[static_cast<std::size_t>(i)] = {.low = static_cast<std::size_t>(low),
                                        .high = static_cast<std::size_t>(std::min(low + 1, from - 1)),
                                        .weight = static_cast<float>(at - static_cast<double>(low))};
  }
  return all;
}

}  // namespace

Outcome resize_bilinear(Image& image, std::int64_t height, std::int64_t width) {
  if (image.height == height && image.width == width) return {};
  constexpr auto kMost = static_cast<std::int64_t>(kMaxDecodedPixels);
  if (height < 1 || width < 1 || height > kMost / width) {
    return Failure{std::to_string(image.height) + " x " + std::to_string(image.width) + " pixels would become " +
                   std::to_string(height) + " x " + std::to_string(width) + "; allowed: 1 to " + std::to_string(kMost) +
                   " pixels"};
  }
  const auto channels = static_cast<std::size_t>(image.channels);
  const std::vector<Tap> rows = taps(image.height, height);
  const std::vector<Tap> columns = taps(image.width, width);
  const std::size_t from_row = static_cast<std::size_t>(image.width) * channels;
  const std::size_t to_row = static_cast<std::size_t>(width) * channels;
  std::vector<std::uint8_t> out(to_row * static_cast<std::size_t>(height));
  std::vector<float> mixed(from_row);  // one row between two of the source
  for (std::size_t y = 0; y < rows.size(); ++y) {
    const std::uint8_t* above = image.pixels.data() + rows[y].low * from_row;
    const std::uint8_t* below = image.pixels.data() + rows[y].high * from_row;
    const float down = rows[y].weight;
    for (std::size_t i = 0; i < from_row; ++i) {
      mixed[i] = static_cast<float>(above[i]) + down * (static_cast<float>(below[i]) - static_cast<float>(above[i]));
    }
    std::uint8_t* to = out.data() + y * to_row;
    for (std::size_t x = 0; x < columns.size(); ++x) {
      const float* left = mixed.data() + columns[x].low * channels;
      const float* right = mixed.data() + columns[x].high * channels;
      for (std::size_t c = 0; c < channels; ++c) {
        to[x * channels + c] = static_cast<std::uint8_t>(left[c] + columns[x].weight * (right[c] - left[c]) + 0.5F);
      }
    }
  }
  image.pixels = std::move(out);
  image.height = height;
  image.width = width;
  return {};
}

Outcome resize_shorter_side(Image& image, std::int64_t shorter) {
  if (image.height > image.width) return resize_bilinear(image, shorter * image.height / image.width, shorter);
  return resize_bilinear(image, shorter, shorter * image.width / image.height);
}

Outcome enlarge_to_crop(Image& image, std::int64_t height, std::int64_t width) {
  if (image.height < height) {
    if (auto failure = resize_bilinear(image, height, std::max<std::int64_t>(1, height * image.width / image.height)))
      return failure;
  }
  if (image.width >= width) return {};
  return resize_bilinear(image, std::max(height, width * image.height / image.width), width);
}

}  // namespace tune::trainer
