#pragma once

#include <png.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include <jpeglib.h>

#include "trainers/data/decode.hpp"
#include "trainers/data/recordio.hpp"

/// Encoded images and RecordIO files of the tests' own making: what the trainer's readers are checked against.
namespace tune::test {

/// A picture that differs with `seed`: soft gradients that JPEG keeps well.
inline trainer::Image make_image(std::int64_t channels, std::int64_t height, std::int64_t width, unsigned seed = 0) {
  trainer::Image image{.channels = channels, .height = height, .width = width, .pixels = {}};
  for (std::int64_t y = 0; y < height; ++y) {
    for (std::int64_t x = 0; x < width; ++x) {
      for (std::int64_t c = 0; c < channels; ++c) {
        image.pixels.push_back(static_cast<std::uint8_t>(
            (static_cast<std::uint64_t>(y * (3 + c) + x * (5 - c)) + seed * 37 + static_cast<unsigned>(c) * 50) % 256));
      }
    }
  }
  return image;
}

struct JpegOptions {
  int quality = 95;
  bool progressive = false;
  bool cmyk = false;  ///< the image has four channels
};

inline std::string to_jpeg(const trainer::Image& image, JpegOptions options = {}) {
  jpeg_compress_struct state{};
  jpeg_error_mgr errors{};
  state.err = jpeg_std_error(&errors);
  jpeg_create_compress(&state);
  unsigned char* buffer = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&state, &buffer, &size);
  state.image_width = static_cast<JDIMENSION>(image.width);
  state.image_height = static_cast<JDIMENSION>(image.height);
  state.input_components = static_cast<int>(image.channels);
  state.in_color_space = options.cmyk ? JCS_CMYK : image.channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
  jpeg_set_defaults(&state);
  jpeg_set_quality(&state, options.quality, TRUE);
  if (options.progressive) jpeg_simple_progression(&state);
  jpeg_start_compress(&state, TRUE);
  while (state.next_scanline < state.image_height) {
    auto* row =
        const_cast<JSAMPROW>(image.pixels.data() + state.next_scanline * static_cast<std::size_t>(image.width * image.channels));
    jpeg_write_scanlines(&state, &row, 1);
  }
  jpeg_finish_compress(&state);
  jpeg_destroy_compress(&state);
  std::string out(reinterpret_cast<char*>(buffer), size);
  std::free(buffer);
  return out;
}

struct PngOptions {
  int color_type = -1;  ///< -1: grey or colour by the image's channels
  int depth = 8;        ///< bits
  bool interlaced = false;
};

/// Rows as PNG wants them for `options`; colour types with a palette get a grey one of 2^depth entries.
inline std::string to_png(const std::vector<std::vector<std::uint8_t>>& rows, std::uint32_t width, PngOptions options) {
  std::string out;
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  png_infop info = png_create_info_struct(png);
  png_set_write_fn(
      png, &out,
      [](png_structp p, png_bytep bytes, std::size_t count) {
        static_cast<std::string*>(png_get_io_ptr(p))->append(reinterpret_cast<char*>(bytes), count);
      },
      [](png_structp) {});
  png_set_IHDR(png, info, width, static_cast<std::uint32_t>(rows.size()), options.depth, options.color_type,
               options.interlaced ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
               PNG_FILTER_TYPE_DEFAULT);
  std::vector<png_color> palette;
  if (options.color_type == PNG_COLOR_TYPE_PALETTE) {
    const int entries = 1 << options.depth;
    for (int i = 0; i < entries; ++i) {
      palette.push_back(
          {static_cast<png_byte>(i * 255 / (entries - 1)), static_cast<png_byte>(7), static_cast<png_byte>(255 - i)});
    }
    png_set_PLTE(png, info, palette.data(), entries);
  }
  png_write_info(png, info);
  std::vector<png_bytep> pointers;
  for (const auto& row : rows) pointers.push_back(const_cast<png_bytep>(row.data()));
  png_write_image(png, pointers.data());
  png_write_end(png, info);
  png_destroy_write_struct(&png, &info);
  return out;
}

inline std::string to_png(const trainer::Image& image, PngOptions options = {}) {
  if (options.color_type < 0) options.color_type = image.channels == 1 ? PNG_COLOR_TYPE_GRAY : PNG_COLOR_TYPE_RGB;
  std::vector<std::vector<std::uint8_t>> rows;
  const auto row = image.width * image.channels;
  for (std::int64_t y = 0; y < image.height; ++y) {
    rows.emplace_back(image.pixels.begin() + y * row, image.pixels.begin() + (y + 1) * row);
  }
  return to_png(rows, static_cast<std::uint32_t>(image.width), options);
}

inline std::span<const std::uint8_t> bytes_of(const std::string& text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

inline std::string little_endian(std::uint32_t number) {
  std::string out;
  for (unsigned shift = 0; shift < 32; shift += 8) out += static_cast<char>(number >> shift & 0xFF);
  return out;
}

inline std::string record_part(std::uint32_t kind, const std::string& payload) {
  return little_endian(trainer::kRecordMagic) + little_endian(kind << 29 | static_cast<std::uint32_t>(payload.size())) + payload +
         std::string((4 - payload.size() % 4) % 4, '\0');
}

/// A record as MXNet's writer makes it: split wherever the magic number stands at a multiple of 4.
inline std::string to_record(const std::string& payload) {
  const std::string magic = little_endian(trainer::kRecordMagic);
  std::vector<std::string> parts(1);
  for (std::size_t at = 0; at < payload.size();) {
    if (at % 4 == 0 && payload.compare(at, 4, magic) == 0) {
      parts.emplace_back();
      at += 4;
    } else {
      parts.back() += payload[at++];
    }
  }
  std::string out;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const std::uint32_t kind = parts.size() == 1 ? 0 : i == 0 ? 1 : i + 1 < parts.size() ? 2 : 3;
    out += record_part(kind, parts[i]);
  }
  return out;
}

/// An image record's payload; several labels go behind the head, as im2rec packs them.
inline std::string image_payload(const std::vector<float>& labels, const std::string& image, std::uint64_t id = 0) {
  const auto text_of = [](float number) {
    std::uint32_t word = 0;
    std::memcpy(&word, &number, sizeof word);
    return little_endian(word);
  };
  std::string out = little_endian(labels.size() == 1 ? 0 : static_cast<std::uint32_t>(labels.size()));
  out += text_of(labels.size() == 1 ? labels[0] : 0);
  out +=
      little_endian(static_cast<std::uint32_t>(id)) + little_endian(static_cast<std::uint32_t>(id >> 32)) + std::string(8, '\0');
  for (std::size_t i = 0; labels.size() > 1 && i < labels.size(); ++i) out += text_of(labels[i]);
  return out + image;
}

}  // namespace tune::test
