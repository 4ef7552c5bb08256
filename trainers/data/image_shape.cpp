#include "trainers/data/image_shape.hpp"

#include "trainers/support/numbers.hpp"

namespace tune::trainer {
namespace {

/// The number before the next comma, which is taken away with it.
std::optional<std::int64_t> take_number(std::string_view& text) {
  const std::size_t comma = text.find(',');
  std::string_view word = text.substr(0, comma);
  text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
  while (word.starts_with(' ')) word.remove_prefix(1);
  while (word.ends_with(' ')) word.remove_suffix(1);
  return parse_number<std::int64_t>(word);
}

bool is_side(std::optional<std::int64_t> side) { return side && *side >= kMinImageSide && *side <= kMaxImageSide; }

}  // namespace

std::optional<ImageShape> parse_image_shape(std::string_view text) {
  const auto channels = take_number(text);
  const auto height = take_number(text);
  const bool ends = text.find(',') == std::string_view::npos;
  const auto width = take_number(text);
  if (!ends || !channels || (*channels != 1 && *channels != 3) || !is_side(height) || !is_side(width)) return std::nullopt;
  return ImageShape{.channels = *channels, .height = *height, .width = *width};
}

std::string text_of(const ImageShape& shape) {
  return std::to_string(shape.channels) + "," + std::to_string(shape.height) + "," + std::to_string(shape.width);
}

}  // namespace tune::trainer
