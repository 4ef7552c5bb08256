#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

/// Images in memory or in a mapped file, as every data format delivers them.
namespace tune::trainer {

struct ImageShape {
  std::int64_t channels = 0;
  std::int64_t height = 0;
  std::int64_t width = 0;

  [[nodiscard]] std::int64_t pixels() const { return channels * height * width; }
  bool operator==(const ImageShape&) const = default;
};

/// Where one image's bytes are in its set, and its size. Plain data: prepared files and GPUs hold arrays of it.
struct ImagePlace {
  std::uint64_t offset = 0;  ///< bytes
  std::int32_t height = 0;
  std::int32_t width = 0;
};
static_assert(sizeof(ImagePlace) == 16);

/// Mean and standard deviation of the pixel values, 0 to 255, by channel; what a grey set lacks is left as it is here.
struct ChannelStatistics {
  std::array<double, 3> mean{};
  std::array<double, 3> deviation{1, 1, 1};  ///< never 0: 1 where all pixels are the same
};

/// Images with their labels. Copies share the bytes, which stay as long as one of them.
struct ImageSet {
  std::int64_t channels = 0;                  ///< of every image: 1 (grey) or 3 (red, green, blue)
  std::int64_t labels_per_image = 1;          ///< 1: the class; else one 0 or 1 for each class (multi-label)
  std::span<const std::uint8_t> pixels;       ///< image by image, row by row, the channels of a pixel together
  std::span<const ImagePlace> places;         ///< of every image
  std::span<const std::int32_t> labels;       ///< labels_per_image of each image
  std::uint64_t fingerprint = 0;              ///< of shapes, pixels and labels
  std::optional<ChannelStatistics> measured;  ///< where they are known already; statistics_of() has them always
  std::shared_ptr<const void> owner;          ///< what the spans look at

  [[nodiscard]] std::int64_t size() const { return static_cast<std::int64_t>(places.size()); }

  /// The shape of all images, or nothing when they differ (or there are none).
  [[nodiscard]] std::optional<ImageShape> common_shape() const;

  /// The first so many; fingerprint and bytes are theirs. REQUIRES: count <= size().
  [[nodiscard]] ImageSet first(std::int64_t count) const;
};

/// A set of images of one shape that owns its bytes. REQUIRES: as many pixels as the labels (of one class each) need.
ImageSet own_images(ImageShape shape, std::vector<std::uint8_t> pixels, std::vector<std::int32_t> labels);

/// A hash (hash.hpp) of everything that a set holds but its statistics.
std::uint64_t fingerprint_of(const ImageSet& set);

/// The set's own statistics where they are known, else those of all its pixels, which are read.
ChannelStatistics statistics_of(const ImageSet& set);

/// What a run is trained on.
struct ImageData {
  ImageSet train;
  ImageSet validation;
  ImageShape shape = {};                      ///< what the network is given: images are cropped to it, and none is smaller
  std::int64_t num_classes = 0;               ///< labels are below it
  std::vector<std::string> class_names = {};  ///< num_classes of them, or none where classes have numbers only
  std::vector<std::string> notes = {};        ///< what a person should know about the data, one sentence each
};

}  // namespace tune::trainer
