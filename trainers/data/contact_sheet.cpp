#include <png.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>

#include "trainers/data/inspect.hpp"
#include "trainers/support/numbers.hpp"

namespace tune::trainer {
namespace {

constexpr std::size_t kGap = 4;      // pixels between images
constexpr std::size_t kMargin = 64;  // pixels on the left, for the class's number
constexpr std::size_t kDot = 3;      // pixels of a digit's dot
constexpr std::size_t kCell = static_cast<std::size_t>(kSampleSide) + kGap;
constexpr std::uint8_t kPaper = 255;

/// 3 x 5 dots each, a row in the lower bits of a number.
constexpr std::uint8_t kDigits[10][5] = {{7, 5, 5, 5, 7}, {2, 6, 2, 2, 7}, {7, 1, 7, 4, 7}, {7, 1, 7, 1, 7}, {5, 5, 7, 1, 1},
                                         {7, 4, 7, 1, 7}, {7, 4, 7, 5, 7}, {7, 1, 1, 1, 1}, {7, 5, 7, 5, 7}, {7, 5, 7, 1, 7}};

/// A sheet of coloured pixels.
class Sheet {
 public:
  Sheet(std::size_t height, std::size_t width) : width_(width), height_(height), pixels_(3 * height * width, kPaper) {}

  void set(std::size_t y, std::size_t x, const std::uint8_t* rgb) {
    if (y < height_ && x < width_) std::copy_n(rgb, 3, pixels_.data() + 3 * (y * width_ + x));
  }

  void draw(const Image& image, std::size_t top, std::size_t left) {
    const auto width = static_cast<std::size_t>(image.width);
    for (std::size_t i = 0; i < width * static_cast<std::size_t>(image.height); ++i) {
      set(top + i / width, left + i % width, image.pixels.data() + 3 * i);
    }
  }

  void write_number(const std::string& digits, std::size_t top, std::size_t left) {
    constexpr std::uint8_t kInk[3] = {0, 0, 0};
    for (std::size_t at = 0; at < digits.size(); ++at) {
      if (digits[at] < '0' || digits[at] > '9') continue;
      for (std::size_t y = 0; y < 5 * kDot; ++y) {
        for (std::size_t x = 0; x < 3 * kDot; ++x) {
          const int row = kDigits[digits[at] - '0'][y / kDot];
          if ((row >> (2 - x / kDot) & 1) != 0) set(top + y, left + at * 4 * kDot + x, kInk);
        }
      }
    }
  }

  [[nodiscard]] Outcome save(const std::string& path) const {
    png_image image{};
    image.version = PNG_IMAGE_VERSION;
    image.width = static_cast<png_uint_32>(width_);
    image.height = static_cast<png_uint_32>(height_);
    image.format = PNG_FORMAT_RGB;
    errno = 0;
    if (png_image_write_to_file(&image, path.c_str(), 0, pixels_.data(), 0, nullptr) != 0) return {};
    return Failure{path + ": " + (errno != 0 ? std::strerror(errno) : image.message)};
  }

 private:
  std::size_t width_;
  std::size_t height_;
  std::vector<std::uint8_t> pixels_;
};

}  // namespace

Outcome write_contact_sheet(const Inspection& inspection, const std::string& path) {
  const std::size_t rows = std::max<std::size_t>(1, inspection.samples.size());
  Sheet sheet(rows * kCell + kGap, kMargin + kSamplesOfClass * kCell + kGap);
  std::size_t top = kGap;
  for (const auto& [label, images] : inspection.samples) {
    sheet.write_number(plain_text(static_cast<double>(label)), top + (kCell - 5 * kDot) / 2, kGap);
    for (std::size_t i = 0; i < images.size(); ++i) sheet.draw(images[i], top, kMargin + i * kCell);
    top += kCell;
  }
  return sheet.save(path);
}

}  // namespace tune::trainer
