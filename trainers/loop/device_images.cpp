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
  // Only read, and copied before it returns.
  const auto view = [](const auto& values, std::vector<std::int64_t> sizes, at::ScalarType type) {
    return at::from_blob(const_cast<void*>(static_cast<const void*>(values.data())), sizes, type);
  };
  const ImageShape shape = *set.common_shape();
  const at::Tensor pixels =
      view(set.pixels, {set.size(), shape.height, shape.width, shape.channels}, at::kByte).permute({0, 3, 1, 2});
  const at::Tensor labels = view(set.labels, {set.size()}, at::kInt);
  return {
      .images = pixels.to(device).to(at::kFloat, false, true).contiguous().sub_(normalisation.mean).div_(normalisation.deviation),
      .labels = labels.to(device).to(at::kLong, false, true)};
}

}  // namespace tune::trainer
