#pragma once

#include <cstdint>

#include "trainers/data/decode.hpp"

namespace tune::trainer {

/// Bilinear, as OpenCV's INTER_LINEAR: the middle of pixel i of n lies at (i + 1/2) / n, so that it is taken from
/// (i + 1/2) * from / to - 1/2 of the source, whose border pixels go on outwards; each value is the weighted mean of the four
/// neighbours, rounded to nearest. Nothing is averaged when an image is made smaller. `image` becomes height x width.
/// Fails when that is nothing or more than kMaxDecodedPixels.
Outcome resize_bilinear(Image& image, std::int64_t height, std::int64_t width);

/// As MXNet's image iterator: the shorter side becomes `shorter` pixels, the other side what keeps the proportions, rounded down.
Outcome resize_shorter_side(Image& image, std::int64_t shorter);

/// As MXNet's before it crops: an image that is lower than `height` is enlarged to it, then one that is narrower than `width` to
/// that, each time in proportion, rounded down.
Outcome enlarge_to_crop(Image& image, std::int64_t height, std::int64_t width);

}  // namespace tune::trainer
