#include "trainers/data/image_set.hpp"

#include <algorithm>
#include <cmath>

#include "trainers/data/hash.hpp"

namespace tune::trainer {
namespace {

template <class T>
std::uint64_t add(std::uint64_t hash, std::span<const T> values) {
  return add_to_hash(hash, {reinterpret_cast<const std::uint8_t*>(values.data()), values.size_bytes()});
}

struct Owned {
  std::vector<std::uint8_t> pixels;
  std::vector<ImagePlace> places;
  std::vector<std::int32_t> labels;
};

}  // namespace

std::optional<ImageShape> ImageSet::common_shape() const {
  const auto differs = [this](const ImagePlace& place) {
    return place.height != places.front().height || place.width != places.front().width;
  };
  if (places.empty() || std::ranges::any_of(places, differs)) return std::nullopt;
  return ImageShape{.channels = channels, .height = places.front().height, .width = places.front().width};
}

ImageSet ImageSet::first(std::int64_t count) const {
  ImageSet part = *this;
  if (count == size()) return part;
  part.places = places.first(static_cast<std::size_t>(count));
  part.labels = labels.first(static_cast<std::size_t>(count * labels_per_image));
  part.pixels = pixels.first(count == 0 ? 0 : static_cast<std::size_t>(places[static_cast<std::size_t>(count)].offset));
  part.fingerprint = fingerprint_of(part);
  part.measured.reset();
  return part;
}

ChannelStatistics statistics_of(const ImageSet& set) {
  if (set.measured) return *set.measured;
  const auto channels = static_cast<std::size_t>(set.channels);
  std::array<std::array<std::uint64_t, 256>, 3> counts{};  // of each level: whole numbers, so that the order of adding is all one
  for (std::size_t i = 0; i < set.pixels.size(); i += channels) {
    for (std::size_t channel = 0; channel < channels; ++channel) ++counts[channel][set.pixels[i + channel]];
  }
  ChannelStatistics found;
  const double total = static_cast<double>(set.pixels.size()) / static_cast<double>(channels);
  for (std::size_t channel = 0; channel < channels && total > 0; ++channel) {
    double sum = 0;
    double squares = 0;
    for (std::size_t level = 0; level < counts[channel].size(); ++level) {
      const auto weight = static_cast<double>(counts[channel][level]);
      sum += weight * static_cast<double>(level);
      squares += weight * static_cast<double>(level * level);
    }
    found.mean[channel] = sum / total;
    const double variance = squares / total - found.mean[channel] * found.mean[channel];
    if (variance > 0) found.deviation[channel] = std::sqrt(variance);
  }
  return found;
}

ImageSet own_images(ImageShape shape, std::vector<std::uint8_t> pixels, std::vector<std::int32_t> labels) {
  auto owned = std::make_shared<Owned>(Owned{.pixels = std::move(pixels), .places = {}, .labels = std::move(labels)});
  for (std::size_t i = 0; i < owned->labels.size(); ++i) {
    owned->places.push_back({.offset = i * static_cast<std::uint64_t>(shape.pixels()),
                             .height = static_cast<std::int32_t>(shape.height),
                             .width = static_cast<std::int32_t>(shape.width)});
  }
  ImageSet set;
  set.channels = shape.channels;
  set.pixels = owned->pixels;
  set.places = owned->places;
  set.labels = owned->labels;
  set.owner = std::move(owned);
  set.fingerprint = fingerprint_of(set);
  return set;
}

std::uint64_t fingerprint_of(const ImageSet& set) {
  const std::int64_t head[] = {set.channels, set.labels_per_image, set.size()};
  std::uint64_t hash = add(kHashBasis, std::span<const std::int64_t>(head));
  hash = add(hash, set.places);
  hash = add(hash, set.labels);
  return add(hash, set.pixels);
}

}  // namespace tune::trainer
