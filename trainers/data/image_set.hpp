#pragma once

#include <cstdint>
#include <string>
#include <vector>

/// Images in memory, as every data format delivers them.
namespace tune::trainer {

struct ImageShape {
  std::int64_t channels = 0;
  std::int64_t height = 0;
  std::int64_t width = 0;

  [[nodiscard]] std::int64_t pixels() const { return channels * height * width; }
  bool operator==(const ImageShape&) const = default;
};

/// `labels.size()` images of one shape.
struct ImageSet {
  ImageShape shape;
  std::vector<std::uint8_t> pixels;  ///< image after image, in each channel after channel, row after row
  std::vector<std::uint8_t> labels;  ///< 0 to classes - 1

  [[nodiscard]] std::int64_t size() const { return static_cast<std::int64_t>(labels.size()); }
};

struct ImageData {
  ImageSet train;
  ImageSet validation;
};

/// CRC-32 over shapes, pixels and labels: a checkpoint is of one data set only.
std::uint32_t fingerprint(const ImageData& data);

}  // namespace tune::trainer
