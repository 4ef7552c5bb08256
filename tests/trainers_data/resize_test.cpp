#include "trainers/data/resize.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "tests/trainers_data/image_files.hpp"

using namespace tune::test;
using namespace tune::trainer;

namespace {

/// The value of a channel at a place of the source, border pixels going on outwards; straight from the definition.
double sample(const Image& image, double y, double x, std::int64_t channel) {
  const auto level = [&](double row, double column) {
    const auto r = std::clamp<std::int64_t>(static_cast<std::int64_t>(row), 0, image.height - 1);
    const auto c = std::clamp<std::int64_t>(static_cast<std::int64_t>(column), 0, image.width - 1);
    return static_cast<double>(image.pixels[static_cast<std::size_t>((r * image.width + c) * image.channels + channel)]);
  };
  const double top = std::floor(y);
  const double left = std::floor(x);
  const double down = y - top;
  const double right = x - left;
  return (1 - down) * ((1 - right) * level(top, left) + right * level(top, left + 1)) +
         down * ((1 - right) * level(top + 1, left) + right * level(top + 1, left + 1));
}

void check_resize(const Image& image, std::int64_t height, std::int64_t width) {
  CAPTURE(height);
  CAPTURE(width);
  Image resized = image;
  REQUIRE_FALSE(resize_bilinear(resized, height, width));
  REQUIRE(resized.pixels.size() == static_cast<std::size_t>(height * width * image.channels));
  double worst = 0;
  for (std::int64_t y = 0; y < height; ++y) {
    for (std::int64_t x = 0; x < width; ++x) {
      for (std::int64_t c = 0; c < image.channels; ++c) {
        const double from_y =
            (static_cast<double>(y) + 0.5) * static_cast<double>(image.height) / static_cast<double>(height) - 0.5;
        const double from_x =
            (static_cast<double>(x) + 0.5) * static_cast<double>(image.width) / static_cast<double>(width) - 0.5;
        const auto got = resized.pixels[static_cast<std::size_t>((y * width + x) * image.channels + c)];
        worst = std::max(worst, std::abs(got - sample(image, from_y, from_x, c)));
      }
    }
  }
  CHECK(worst <= 0.501);
}

}  // namespace

TEST_CASE("resizing is bilinear between the middles of pixels, smaller and larger") {
  for (const std::int64_t channels : {1, 3}) {
    const Image image = make_image(channels, 17, 23);
    check_resize(image, 17, 23);
    check_resize(image, 34, 46);
    check_resize(image, 9, 50);
    check_resize(image, 5, 4);
    check_resize(image, 1, 1);
    check_resize(make_image(channels, 1, 1), 6, 3);
    check_resize(make_image(channels, 2, 9), 31, 8);
  }
  Image two{.channels = 1, .height = 1, .width = 2, .pixels = {0, 100}};
  REQUIRE_FALSE(resize_bilinear(two, 1, 4));
  CHECK(two.pixels == std::vector<std::uint8_t>{0, 25, 75, 100});
}

TEST_CASE("the shorter side; enlarging to the crop, height first") {
  const auto shorter = [](std::int64_t height, std::int64_t width, std::int64_t side) {
    Image image = make_image(1, height, width);
    REQUIRE_FALSE(resize_shorter_side(image, side));
    return std::pair(image.height, image.width);
  };
  CHECK(shorter(30, 20, 10) == std::pair<std::int64_t, std::int64_t>(15, 10));
  CHECK(shorter(20, 31, 10) == std::pair<std::int64_t, std::int64_t>(10, 15));
  CHECK(shorter(20, 20, 50) == std::pair<std::int64_t, std::int64_t>(50, 50));
  const auto enlarged = [](std::int64_t height, std::int64_t width) {
    Image image = make_image(1, height, width);
    REQUIRE_FALSE(enlarge_to_crop(image, 20, 30));
    return std::pair(image.height, image.width);
  };
  CHECK(enlarged(20, 30) == std::pair<std::int64_t, std::int64_t>(20, 30));
  CHECK(enlarged(40, 30) == std::pair<std::int64_t, std::int64_t>(40, 30));
  CHECK(enlarged(10, 40) == std::pair<std::int64_t, std::int64_t>(20, 80));
  CHECK(enlarged(10, 10) == std::pair<std::int64_t, std::int64_t>(30, 30));
  CHECK(enlarged(50, 10) == std::pair<std::int64_t, std::int64_t>(150, 30));
}

TEST_CASE("a resize to nothing or to more than can be held is refused") {
  Image thin = make_image(1, 1, 1000);
  CHECK(resize_shorter_side(thin, 4096)->message == "1 x 1000 pixels would become 4096 x 4096000; allowed: 1 to 67108864 pixels");
  CHECK(thin.width == 1000);
  CHECK(resize_bilinear(thin, 1, 0));
}
