#include "trainers/augment/statistics.hpp"

#include <array>
#include <cmath>
#include <cstdint>
#include <span>

#include "trainers/augment/pixel.hpp"

namespace tune::trainer {
namespace {

using Histogram = std::array<std::int64_t, 256>;

void set_from(const Histogram& counts, float& mean_out, float& deviation_out) {
  double total = 0;
  double sum = 0;
  double squares = 0;
  for (std::size_t level = 0; level < counts.size(); ++level) {
    const auto weight = static_cast<double>(counts[level]);
    total += weight;
    sum += weight * static_cast<double>(level);
    squares += weight * static_cast<double>(level * level);
  }
  if (total == 0) return;
  const double mean = sum / total;
  const double variance = squares / total - mean * mean;
  mean_out = static_cast<float>(mean);
  deviation_out = variance > 0 ? static_cast<float>(std::sqrt(variance)) : 1.0F;
}

}  // namespace

void normalise_by(const ImageSet& set, AugmentSettings& settings) {
  std::array<Histogram, 3> counts{};
  for (const ImagePlace& place : set.places) {
    const auto pixels = static_cast<std::size_t>(place.height) * static_cast<std::size_t>(place.width);
    const auto image = set.pixels.subspan(place.offset, pixels * static_cast<std::size_t>(set.channels));
    if (set.channels == 1) {
      for (const std::uint8_t level : image) ++counts[0][level];
    } else if (settings.channels == 1) {
      for (std::size_t i = 0; i < image.size(); i += 3) ++counts[0][luma_of({{image[i], image[i + 1], image[i + 2]}})];
    } else {
      for (std::size_t i = 0; i < image.size(); i += 3) {
        for (std::size_t channel = 0; channel < 3; ++channel) ++counts[channel][image[i + channel]];
      }
    }
  }
  for (int channel = 0; channel < 3; ++channel) {
    const bool grey = set.channels == 1 || settings.channels == 1;
    set_from(counts[grey ? 0 : static_cast<std::size_t>(channel)], settings.mean[channel], settings.deviation[channel]);
  }
}

}  // namespace tune::trainer
