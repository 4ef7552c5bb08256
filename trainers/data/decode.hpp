#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "trainers/support/fallible.hpp"

namespace tune::trainer {

inline constexpr std::uint32_t kMaxDecodedSide = 32768;                     // pixels
inline constexpr std::uint64_t kMaxDecodedPixels = std::uint64_t{1} << 26;  // of one image: 192 MiB in colour

/// Pixels row by row, the channels of a pixel together.
struct Image {
  std::int64_t channels = 0;  ///< 1: grey; 3: red, green, blue
  std::int64_t height = 0;
  std::int64_t width = 0;
  std::vector<std::uint8_t> pixels;
};

/// What an encoded image says of itself.
struct ImageHeader {
  std::int64_t channels = 0;  ///< 1 when it has no colour, else 3
  std::int64_t height = 0;
  std::int64_t width = 0;
};

/// Decodes JPEG (libjpeg-turbo) and PNG (libpng), told by their first bytes. Grey is made of colour as 0.299 red + 0.587 green +
/// 0.114 blue (a JPEG's own luma where it has one), colour of grey by repetition. 16 bits a channel are cut to the upper 8,
/// transparency is dropped, orientation tags are ignored: as OpenCV's imdecode, which MXNet calls. An image that is damaged,
/// also one of which a decoder would guess the rest, is a failure. Memory stays in proportion to the bytes given, whatever their
/// header claims, and within kMaxDecodedPixels. One decoder serves one thread, and keeps what it can between images.
class Decoder {
 public:
  Decoder();
  ~Decoder();
  Decoder(Decoder&&) noexcept;
  Decoder& operator=(Decoder&&) noexcept;

  Fallible<ImageHeader> header(std::span<const std::uint8_t> encoded);

  /// REQUIRES: `channels` is 1 or 3. `image` is what was decoded, unless this fails.
  Outcome decode(std::span<const std::uint8_t> encoded, std::int64_t channels, Image& image);

 private:
  class Jpeg;
  std::unique_ptr<Jpeg> jpeg_;
};

/// Turns grey into colour or colour into grey, as above; nothing where the image has that many channels.
void convert_channels(Image& image, std::int64_t channels);

}  // namespace tune::trainer
