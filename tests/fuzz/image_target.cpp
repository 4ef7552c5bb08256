#include <algorithm>
#include <vector>

#include "tests/fuzz/targets.hpp"
#include "trainers/data/decode.hpp"
#include "trainers/data/resize.hpp"

namespace tune::fuzz {

void run_image(std::string_view input) {
  static trainer::Decoder decoder;  // one for all inputs: a failure must not spoil what comes after it
  const std::vector<std::uint8_t> bytes(input.begin(), input.end());
  const auto header = decoder.header(bytes);
  for (const std::int64_t channels : {1, 3}) {
    trainer::Image image;
    if (const auto failure = decoder.decode(bytes, channels, image)) {
      require(!failure->message.empty(), "a failure has a message");
      continue;
    }
    require(header.ok(), "what can be decoded has a header");
    require(image.channels == channels && image.height == header.value().height && image.width == header.value().width,
            "an image is as its header says");
    require(image.pixels.size() == static_cast<std::size_t>(channels * image.height * image.width), "every pixel is there");
    if (image.pixels.size() > 1 << 16) continue;
    if (!trainer::resize_shorter_side(image, 7))
      require(std::min(image.height, image.width) == 7, "the shorter side is as asked");
    if (!trainer::enlarge_to_crop(image, 9, 5)) require(image.height >= 9 && image.width >= 5, "an image holds its crop");
  }
}

}  // namespace tune::fuzz
