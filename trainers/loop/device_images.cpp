#include "trainers/loop/device_images.hpp"

#include <c10/core/GradMode.h>

#include <array>
#include <cmath>

namespace tune::trainer {

Normalisation measure(const ImageSet& set) {
  std::array<std::int64_t, 256> counts{};
  for (const std::uint8_t level : set.pixels) ++counts[level];
  double sum = 0;
  double squares = 0;
  for (std::size_t level = 0; level < counts.size(); ++level) {
    const auto weight = static_cast<double>(counts[level]);
    sum += weight * static_cast<double>(level);
    squares += weight * static_cast<double>(level * level);
  }
  const auto total = static_cast<double>(set.pixels.size());
  const double mean = sum / total;
  const double variance = squares / total - mean * mean;
  return {.mean = mean, .deviation = variance > 0 ? std::sqrt(variance) : 1.0};  // one grey level everywhere: nothing to scale
}

DeviceImages to_device(const ImageSet& set, Normalisation normalisation, at::Device device) {
  const c10::NoGradGuard no_grad;
  const auto view = [](const std::vector<std::uint8_t>& bytes, std::vector<std::int64_t> sizes) {
    return at::from_blob(const_cast<std::uint8_t*>(bytes.data()), sizes, at::kByte);  // only read, and copied before it returns
  };
  const at::Tensor pixels = view(set.pixels, {set.size(), set.shape.channels, set.shape.height, set.shape.width});
  const at::Tensor labels = view(set.labels, {set.size()});
  return {.images = pixels.to(device).to(at::kFloat, false, true).sub_(normalisation.mean).div_(normalisation.deviation),
          .labels = labels.to(device).to(at::kLong, false, true)};
}

}  // namespace tune::trainer
