#include "trainers/data/image_set.hpp"

#include <zlib.h>

namespace tune::trainer {
namespace {

unsigned long add(unsigned long crc, const void* bytes, std::size_t count) {
  return crc32_z(crc, static_cast<const Bytef*>(bytes), count);
}

unsigned long add(unsigned long crc, const ImageSet& set) {
  const std::int64_t shape[] = {set.size(), set.shape.channels, set.shape.height, set.shape.width};
  crc = add(crc, shape, sizeof shape);
  crc = add(crc, set.pixels.data(), set.pixels.size());
  return add(crc, set.labels.data(), set.labels.size());
}

}  // namespace

std::uint32_t fingerprint(const ImageData& data) { return static_cast<std::uint32_t>(add(add(0, data.train), data.validation)); }

}  // namespace tune::trainer
