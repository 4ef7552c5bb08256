#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "trainers/data/image_set.hpp"

namespace tune::trainer {

inline constexpr std::int64_t kMinImageSide = 4;     // pixels: the smallest that two halvings leave something of
inline constexpr std::int64_t kMaxImageSide = 4096;  // pixels

inline constexpr std::int64_t kMostClasses = 100'000;

/// Reads SageMaker's "channels,height,width", blanks around the numbers allowed. Nothing when it is no such text, channels are
/// not 1 or 3, or a side is out of bounds.
std::optional<ImageShape> parse_image_shape(std::string_view text);

/// "3,224,224".
std::string text_of(const ImageShape& shape);

}  // namespace tune::trainer
