#include "trainers/data/decode.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <random>
#include <string>

#include "tests/support/test_support.hpp"
#include "tests/trainers_data/image_files.hpp"

using namespace tune::test;
using namespace tune::trainer;

namespace {

Image decoded(const std::string& bytes, std::int64_t channels) {
  Decoder decoder;
  Image image;
  const auto failure = decoder.decode(bytes_of(bytes), channels, image);
  REQUIRE_MESSAGE(!failure, failure->message);
  return image;
}

std::string refusal(const std::string& bytes) {
  Decoder decoder;
  Image image;
  const auto failure = decoder.decode(bytes_of(bytes), 3, image);
  REQUIRE(failure);
  return failure->message;
}

double mean_difference(const Image& a, const Image& b) {
  REQUIRE(a.pixels.size() == b.pixels.size());
  double sum = 0;
  for (std::size_t i = 0; i < a.pixels.size(); ++i) sum += std::abs(int{a.pixels[i]} - int{b.pixels[i]});
  return sum / static_cast<double>(a.pixels.size());
}

/// 0.299 red + 0.587 green + 0.114 blue.
double luma(const std::uint8_t* rgb) { return 0.299 * rgb[0] + 0.587 * rgb[1] + 0.114 * rgb[2]; }

Image flat(std::uint8_t red, std::uint8_t green, std::uint8_t blue) {
  Image image{.channels = 3, .height = 16, .width = 16, .pixels = {}};
  for (int i = 0; i < 256; ++i) image.pixels.insert(image.pixels.end(), {red, green, blue});
  return image;
}

}  // namespace

TEST_CASE("PNG: every kind comes back as it was, in grey and in colour") {
  for (const std::int64_t channels : {1, 3}) {
    for (const bool interlaced : {false, true}) {
      const Image image = make_image(channels, 13, 9);
      const Image same = decoded(to_png(image, {.interlaced = interlaced}), channels);
      CHECK(same.height == 13);
      CHECK(same.width == 9);
      CHECK(same.pixels == image.pixels);
    }
  }
  const Image grey = make_image(1, 5, 6);
  const Image colour = decoded(to_png(grey), 3);
  for (std::size_t i = 0; i < grey.pixels.size(); ++i) CHECK(colour.pixels[3 * i + 1] == grey.pixels[i]);
  const Image rgb = make_image(3, 5, 6);
  const Image made_grey = decoded(to_png(rgb), 1);
  for (std::size_t i = 0; i < made_grey.pixels.size(); ++i) {
    CHECK(std::abs(made_grey.pixels[i] - luma(rgb.pixels.data() + 3 * i)) <= 0.51);
  }
}

TEST_CASE("PNG: 16 bits are cut, transparency is dropped, palettes and few bits are spread") {
  CHECK(decoded(to_png({{0x12, 0x34, 0xab, 0xcd}}, 2, {.color_type = PNG_COLOR_TYPE_GRAY, .depth = 16}), 1).pixels ==
        std::vector<std::uint8_t>{0x12, 0xab});
  CHECK(decoded(to_png({{1, 2, 3, 99, 4, 5, 6, 0}}, 2, {.color_type = PNG_COLOR_TYPE_RGB_ALPHA}), 3).pixels ==
        std::vector<std::uint8_t>{1, 2, 3, 4, 5, 6});
  CHECK(decoded(to_png({{7, 99, 8, 0}}, 2, {.color_type = PNG_COLOR_TYPE_GRAY_ALPHA}), 1).pixels ==
        std::vector<std::uint8_t>{7, 8});
  CHECK(decoded(to_png({{0b10100000}}, 3, {.color_type = PNG_COLOR_TYPE_GRAY, .depth = 1}), 1).pixels ==
        std::vector<std::uint8_t>{255, 0, 255});
  CHECK(decoded(to_png({{0b01110000}}, 2, {.color_type = PNG_COLOR_TYPE_PALETTE, .depth = 2}), 3).pixels ==
        std::vector<std::uint8_t>{85, 7, 254, 255, 7, 252});
}

TEST_CASE("JPEG: baseline and progressive, grey and colour, near what was encoded") {
  for (const std::int64_t channels : {1, 3}) {
    for (const bool progressive : {false, true}) {
      Image image = make_image(channels, 40, 33);
      for (std::uint8_t& level : image.pixels) level = static_cast<std::uint8_t>(64 + level / 4);  // no jumps from 255 to 0
      const Image same = decoded(to_jpeg(image, {.quality = 100, .progressive = progressive}), channels);
      CHECK(same.height == 40);
      CHECK(same.width == 33);
      CHECK(mean_difference(same, image) < 3);  // unrelated pictures: above 20
      Decoder decoder;
      CHECK(decoder.header(bytes_of(to_jpeg(image, {.progressive = progressive}))).value().channels == channels);
    }
  }
  const Image grey = decoded(to_jpeg(flat(200, 100, 50), {.quality = 100}), 1);
  CHECK(grey.channels == 1);
  CHECK(std::abs(grey.pixels[0] - luma(flat(200, 100, 50).pixels.data())) <= 1.5);
  const Image colour = decoded(to_jpeg(make_image(1, 8, 8)), 3);
  CHECK(colour.pixels[0] == colour.pixels[2]);
}

TEST_CASE("JPEG in cyan, magenta, yellow and black, inverted as Adobe writes it") {
  Image image{.channels = 4, .height = 8, .width = 8, .pixels = {}};
  for (int i = 0; i < 64; ++i) image.pixels.insert(image.pixels.end(), {200, 100, 50, 128});
  const std::string bytes = to_jpeg(image, {.quality = 100, .cmyk = true});
  REQUIRE(bytes.find("Adobe") != std::string::npos);
  const Image rgb = decoded(bytes, 3);
  CHECK(std::abs(rgb.pixels[0] - 200 * 128 / 255) <= 2);
  CHECK(std::abs(rgb.pixels[1] - 100 * 128 / 255) <= 2);
  CHECK(std::abs(rgb.pixels[2] - 50 * 128 / 255) <= 2);
  CHECK(decoded(bytes, 1).pixels.size() == 64);
}

TEST_CASE("what is no image, and images that are cut short anywhere, are refused with a reason") {
  CHECK(refusal("") == "no bytes");
  CHECK(refusal("GIF89a") == "neither a JPEG nor a PNG image");
  CHECK(refusal("\xff\xd8\xff").starts_with("JPEG: "));
  const std::string png = to_png(make_image(3, 20, 20));
  CHECK(refusal(png.substr(0, 20)) == "PNG: cut short");
  for (std::size_t length = 8; length < png.size() - 12; length += 7) CHECK(refusal(png.substr(0, length)).starts_with("PNG: "));
  for (const bool progressive : {false, true}) {
    const std::string jpeg = to_jpeg(make_image(3, 40, 40), {.progressive = progressive});
    for (std::size_t length = 3; length < jpeg.size() - 8; length += 11) {
      CAPTURE(length);
      CHECK(refusal(jpeg.substr(0, length)).starts_with("JPEG: "));
    }
  }
}

TEST_CASE("a decoder that has failed decodes the next image") {
  Decoder decoder;
  Image image;
  const std::string jpeg = to_jpeg(make_image(3, 40, 40));
  const std::string png = to_png(make_image(1, 7, 7));
  for (int round = 0; round < 3; ++round) {
    CHECK(decoder.decode(bytes_of(jpeg.substr(0, jpeg.size() / 2)), 3, image));
    CHECK_FALSE(decoder.decode(bytes_of(jpeg), 3, image));
    CHECK(decoder.decode(bytes_of(png.substr(0, png.size() / 2)), 3, image));
    CHECK_FALSE(decoder.decode(bytes_of(png), 3, image));
    CHECK(image.pixels.size() == 3 * 49);
    CHECK(decoder.header(bytes_of(jpeg)).ok());
  }
}

TEST_CASE("sizes that a header claims: too large, or of more pixels than the bytes can hold") {
  std::string jpeg = to_jpeg(make_image(3, 40, 40));
  const std::size_t frame = jpeg.find("\xff\xc0");
  REQUIRE(frame != std::string::npos);
  jpeg.replace(frame + 5, 4, "\x1f\xff\x1f\xff");  // 8191 x 8191
  CHECK(refusal(jpeg).find("bytes cannot hold 8191 x 8191 pixels") != std::string::npos);
  jpeg.replace(frame + 5, 4, "\xff\xdc\xff\xdc");  // 65500 x 65500
  CHECK(refusal(jpeg).find("an image of 65500 x 65500 pixels; allowed: 1 to 32768 each way") != std::string::npos);
  std::string png = to_png(make_image(1, 8, 8));
  png.replace(16, 8, std::string("\0\0\x20\0\0\0\x20\0", 8));
  CHECK(refusal(png).find("bytes cannot hold 8192 x 8192 pixels") != std::string::npos);
  png.replace(16, 8, std::string("\x7f\xff\xff\xff\0\0\0\1", 8));
  CHECK(refusal(png).find("an image of 1 x 2147483647 pixels") != std::string::npos);
}

TEST_CASE("bytes changed at random: a failure or pixels, never anything else") {
  std::mt19937 random(3);
  Decoder decoder;
  Image image;
  int decoded_anyway = 0;
  for (const std::string& good : {to_jpeg(make_image(3, 24, 24)), to_jpeg(make_image(1, 24, 24), {.progressive = true}),
                                  to_png(make_image(3, 24, 24)), to_png(make_image(1, 24, 24), {.interlaced = true})}) {
    for (int round = 0; round < 300; ++round) {
      std::string bytes = good;
      for (auto changes = 1 + random() % 4; changes > 0; --changes) bytes[random() % bytes.size()] = static_cast<char>(random());
      if (decoder.decode(bytes_of(bytes), 3, image)) continue;
      ++decoded_anyway;
      CHECK(image.pixels.size() == static_cast<std::size_t>(3 * image.height * image.width));
    }
  }
  CHECK(decoded_anyway > 0);
}
