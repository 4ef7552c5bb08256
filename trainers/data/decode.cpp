#include "trainers/data/decode.hpp"

#include <png.h>

#include <csetjmp>
#include <cstring>
#include <optional>
#include <string>

// jpeglib.h needs FILE and size_t to be there.
#include <cstddef>
#include <cstdio>

#include <jpeglib.h>

#include <jerror.h>

namespace tune::trainer {
namespace {

using Bytes = std::span<const std::uint8_t>;

constexpr std::uint8_t kPngSignature[8] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
constexpr std::size_t kPngHead = 33;               // bytes: signature and first chunk, which has the sizes
constexpr std::uint64_t kMaxInflation = 1032;      // bytes that one byte of deflate can become
constexpr std::uint64_t kMaxJpegInflation = 2048;  // pixels that one byte of JPEG can become; about 350 in the worst case known
constexpr long kMaxJpegMemory = 1L << 30;          // bytes: the coefficients of a progressive image of the largest size
constexpr int kMaxScans = 500;  // of a progressive JPEG: each costs time for all pixels; real ones have about 10
constexpr png_alloc_size_t kMaxPngChunk = 1 << 23;  // bytes of a chunk beside the pixels

bool is_jpeg(Bytes bytes) { return bytes.size() >= 3 && bytes[0] == 0xff && bytes[1] == 0xd8 && bytes[2] == 0xff; }

bool is_png(Bytes bytes) {
  return bytes.size() >= sizeof kPngSignature && std::memcmp(bytes.data(), kPngSignature, sizeof kPngSignature) == 0;
}

Failure no_image(Bytes bytes) { return {bytes.empty() ? "no bytes" : "neither a JPEG nor a PNG image"}; }

Outcome check_size(std::uint64_t height, std::uint64_t width) {
  if (height > 0 && width > 0 && height <= kMaxDecodedSide && width <= kMaxDecodedSide && height * width <= kMaxDecodedPixels)
    return {};
  return Failure{"an image of " + std::to_string(height) + " x " + std::to_string(width) + " pixels; allowed: 1 to " +
                 std::to_string(kMaxDecodedSide) + " each way, " + std::to_string(kMaxDecodedPixels) + " in all"};
}

Failure too_few_bytes(std::uint64_t height, std::uint64_t width, Bytes bytes) {
  return {"cut short: " + std::to_string(bytes.size()) + " bytes cannot hold " + std::to_string(height) + " x " +
          std::to_string(width) + " pixels"};
}

/// Cyan, magenta, yellow, black to red, green, blue, in place at the front. Adobe's programs write them inverted.
void cmyk_to_rgb(std::vector<std::uint8_t>& pixels, bool inverted) {
  const std::size_t count = pixels.size() / 4;
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint8_t* from = pixels.data() + 4 * i;
    const unsigned black = inverted ? from[3] : 255U - from[3];
    std::uint8_t rgb[3];
    for (int c = 0; c < 3; ++c) rgb[c] = static_cast<std::uint8_t>(((inverted ? from[c] : 255U - from[c]) * black + 127) / 255);
    std::memcpy(pixels.data() + 3 * i, rgb, 3);
  }
  pixels.resize(3 * count);
}

struct PngReading {
  Bytes rest;
  std::jmp_buf jump;
  char problem[128] = "";
};

extern "C" void png_failed(png_structp png, png_const_charp message) {
  auto* reading = static_cast<PngReading*>(png_get_error_ptr(png));
  std::snprintf(reading->problem, sizeof reading->problem, "%s", message);
  std::longjmp(reading->jump, 1);
}

extern "C" void png_warned(png_structp, png_const_charp) {}

extern "C" void png_more(png_structp png, png_bytep out, std::size_t count) {
  auto* reading = static_cast<PngReading*>(png_get_io_ptr(png));
  if (reading->rest.size() < count) png_error(png, "cut short");
  std::memcpy(out, reading->rest.data(), count);
  reading->rest = reading->rest.subspan(count);
}

/// Everything up to the pixels; false: failed, with the problem said. Nothing here has a destructor: errors jump over it.
bool png_begin(PngReading& reading, png_structp png, png_infop info) {
  if (setjmp(reading.jump) != 0) return false;  // NOLINT
  png_set_read_fn(png, &reading, png_more);
  png_set_user_limits(png, kMaxDecodedSide, kMaxDecodedSide);
  png_set_chunk_malloc_max(png, kMaxPngChunk);
  png_read_info(png, info);
  png_set_palette_to_rgb(png);
  png_set_expand_gray_1_2_4_to_8(png);
  png_set_strip_16(png);
  png_set_strip_alpha(png);
  png_set_interlace_handling(png);
  png_read_update_info(png, info);
  return true;
}

bool png_pixels(PngReading& reading, png_structp png, png_bytepp rows) {
  if (setjmp(reading.jump) != 0) return false;  // NOLINT
  png_read_image(png, rows);
  return true;
}

struct PngHandle {
  png_structp png = nullptr;
  png_infop info = nullptr;
  PngHandle(PngReading& reading) : png(png_create_read_struct(PNG_LIBPNG_VER_STRING, &reading, png_failed, png_warned)) {
    if (png != nullptr) info = png_create_info_struct(png);
  }
  PngHandle(const PngHandle&) = delete;
  PngHandle& operator=(const PngHandle&) = delete;
  ~PngHandle() { png_destroy_read_struct(&png, &info, nullptr); }
};

std::uint32_t big_endian_at(Bytes bytes, std::size_t at) {
  return std::uint32_t{bytes[at]} << 24 | std::uint32_t{bytes[at + 1]} << 16 | std::uint32_t{bytes[at + 2]} << 8 | bytes[at + 3];
}

Fallible<ImageHeader> png_header(Bytes bytes) {
  if (bytes.size() < kPngHead) return Failure{"PNG: cut short"};
  if (std::memcmp(bytes.data() + 12, "IHDR", 4) != 0) return Failure{"PNG: its sizes are not where they belong"};
  const std::uint32_t width = big_endian_at(bytes, 16);
  const std::uint32_t height = big_endian_at(bytes, 20);
  if (auto failure = check_size(height, width)) return Failure{"PNG: " + failure->message};
  const std::uint64_t depth = bytes[24];
  const std::uint8_t type = bytes[25];
  const std::uint64_t per_pixel = type == PNG_COLOR_TYPE_RGB          ? 3
                                  : type == PNG_COLOR_TYPE_GRAY_ALPHA ? 2
                                  : type == PNG_COLOR_TYPE_RGB_ALPHA  ? 4
                                                                      : 1;
  if ((width * per_pixel * depth + 7) / 8 * height > kMaxInflation * bytes.size())
    return Failure{"PNG: " + too_few_bytes(height, width, bytes).message};
  const bool grey = type == PNG_COLOR_TYPE_GRAY || type == PNG_COLOR_TYPE_GRAY_ALPHA;
  return ImageHeader{.channels = grey ? 1 : 3, .height = height, .width = width};
}

Outcome decode_png(Bytes bytes, Image& image) {
  const auto header = png_header(bytes);
  if (!header.ok()) return header.failure();
  PngReading reading{.rest = bytes, .jump = {}};
  const PngHandle handle(reading);
  if (handle.info == nullptr) return Failure{"PNG: out of memory"};
  const auto failed = [&] { return Failure{std::string("PNG: ") + reading.problem}; };
  if (!png_begin(reading, handle.png, handle.info)) return failed();
  image.channels = png_get_channels(handle.png, handle.info);
  image.height = header.value().height;
  image.width = header.value().width;
  const auto row = static_cast<std::size_t>(image.width * image.channels);
  if (png_get_rowbytes(handle.png, handle.info) != row) return Failure{"PNG: of an unknown kind"};
  image.pixels.resize(row * static_cast<std::size_t>(image.height));
  std::vector<png_bytep> rows(static_cast<std::size_t>(image.height));
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = image.pixels.data() + i * row;
  if (!png_pixels(reading, handle.png, rows.data())) return failed();
  return {};
}

}  // namespace

/// libjpeg's state and what its error handlers need. Where they can be called, no object with a destructor lives in between.
class Decoder::Jpeg {
 public:
  Jpeg() {
    state_.err = jpeg_std_error(&errors_);
    errors_.error_exit = failed;
    errors_.emit_message = warned;
    state_.client_data = this;
    if (setjmp(jump_) == 0) {  // NOLINT
      jpeg_create_decompress(&state_);
      state_.mem->max_memory_to_use = kMaxJpegMemory;
      progress_.progress_monitor = progressed;
      state_.progress = &progress_;
      usable_ = true;
    }
  }
  Jpeg(const Jpeg&) = delete;
  Jpeg& operator=(const Jpeg&) = delete;
  ~Jpeg() { jpeg_destroy_decompress(&state_); }

  Fallible<ImageHeader> header(Bytes bytes) {
    const auto found = open(bytes);
    close();
    return found;
  }

  Outcome decode(Bytes bytes, std::int64_t channels, Image& image) {
    const auto header = open(bytes);
    if (!header.ok()) return header.failure();
    const bool four = state_.jpeg_color_space == JCS_CMYK || state_.jpeg_color_space == JCS_YCCK;
    state_.out_color_space = four ? JCS_CMYK : channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
    image.channels = four ? 3 : channels;
    image.height = header.value().height;
    image.width = header.value().width;
    const auto row = static_cast<std::size_t>(image.width * (four ? 4 : channels));
    image.pixels.resize(row * static_cast<std::size_t>(image.height));
    const bool read = read_rows(image.pixels.data(), row);
    const bool inverted = state_.saw_Adobe_marker != FALSE;
    close();
    if (!read) return failure();
    if (four) cmyk_to_rgb(image.pixels, inverted);
    return {};
  }

 private:
  [[noreturn]] static void failed(j_common_ptr state) {
    auto* self = static_cast<Jpeg*>(state->client_data);
    state->err->format_message(state, self->problem_);
    std::longjmp(self->jump_, 1);
  }

  /// A decoder goes on after what these say with pixels of its own invention, where it is not about something beside the pixels.
  static void warned(j_common_ptr state, int level) {
    if (level >= 0) return;
    switch (state->err->msg_code) {
      case JWRN_EXTRANEOUS_DATA:
      case JWRN_ADOBE_XFORM:
      case JWRN_JFIF_MAJOR:
      case JWRN_BOGUS_ICC:
      case JWRN_BOGUS_PROGRESSION:
      case JWRN_NOT_SEQUENTIAL:
        return;
      default:
        failed(state);
    }
  }

  static void progressed(j_common_ptr state) {
    auto* self = static_cast<Jpeg*>(state->client_data);
    if (self->state_.input_scan_number <= kMaxScans) return;
    std::snprintf(self->problem_, sizeof self->problem_, "more than %d scans", kMaxScans);
    std::longjmp(self->jump_, 1);
  }

  Fallible<ImageHeader> open(Bytes bytes) {
    if (!usable_) return failure();
    if (!read_header(bytes)) {
      close();
      return failure();
    }
    const std::uint64_t height = state_.image_height;
    const std::uint64_t width = state_.image_width;
    auto wrong = check_size(height, width);
    if (!wrong && height * width > kMaxJpegInflation * bytes.size()) wrong = too_few_bytes(height, width, bytes);
    if (wrong) {
      close();
      return Failure{"JPEG: " + wrong->message};
    }
    return ImageHeader{.channels = state_.num_components == 1 ? 1 : 3,
                       .height = static_cast<std::int64_t>(height),
                       .width = static_cast<std::int64_t>(width)};
  }

  bool read_header(Bytes bytes) {
    if (setjmp(jump_) != 0) return false;  // NOLINT
    jpeg_mem_src(&state_, bytes.data(), static_cast<unsigned long>(bytes.size()));
    jpeg_read_header(&state_, TRUE);
    return true;
  }

  bool read_rows(std::uint8_t* out, std::size_t row) {
    if (setjmp(jump_) != 0) return false;  // NOLINT
    jpeg_start_decompress(&state_);
    while (state_.output_scanline < state_.output_height) {
      constexpr JDIMENSION kRows = 16;  // at a time: what one row of blocks with halved colour gives
      JSAMPROW rows[kRows];
      const JDIMENSION first = state_.output_scanline;
      const JDIMENSION left = state_.output_height - first;
      const JDIMENSION now = left < kRows ? left : kRows;
      for (JDIMENSION i = 0; i < now; ++i) rows[i] = out + (first + i) * row;
      jpeg_read_scanlines(&state_, rows, now);
    }
    return true;
  }

  /// Ready for the next image. What follows the last row is not looked at: it changes no pixel.
  void close() {
    if (setjmp(jump_) == 0) jpeg_abort_decompress(&state_);  // NOLINT
  }

  [[nodiscard]] Failure failure() const { return {std::string("JPEG: ") + problem_}; }

  jpeg_decompress_struct state_{};
  jpeg_error_mgr errors_{};
  jpeg_progress_mgr progress_{};
  std::jmp_buf jump_{};
  char problem_[JMSG_LENGTH_MAX] = "";
  bool usable_ = false;
};

Decoder::Decoder() : jpeg_(std::make_unique<Jpeg>()) {}
Decoder::~Decoder() = default;
Decoder::Decoder(Decoder&&) noexcept = default;
Decoder& Decoder::operator=(Decoder&&) noexcept = default;

Fallible<ImageHeader> Decoder::header(std::span<const std::uint8_t> encoded) {
  if (is_jpeg(encoded)) return jpeg_->header(encoded);
  if (is_png(encoded)) return png_header(encoded);
  return no_image(encoded);
}

Outcome Decoder::decode(std::span<const std::uint8_t> encoded, std::int64_t channels, Image& image) {
  Outcome failure = no_image(encoded);
  if (is_jpeg(encoded)) failure = jpeg_->decode(encoded, channels, image);
  if (is_png(encoded)) failure = decode_png(encoded, image);
  if (!failure) convert_channels(image, channels);
  return failure;
}

void convert_channels(Image& image, std::int64_t channels) {
  if (image.channels == channels) return;
  const auto count = static_cast<std::size_t>(image.height * image.width);
  if (channels == 1) {
    // In 14 bits, as OpenCV does it.
    constexpr unsigned kRed = 4899;
    constexpr unsigned kGreen = 9617;
    constexpr unsigned kBlue = 1868;
    for (std::size_t i = 0; i < count; ++i) {
      const std::uint8_t* pixel = image.pixels.data() + 3 * i;
      image.pixels[i] = static_cast<std::uint8_t>((pixel[0] * kRed + pixel[1] * kGreen + pixel[2] * kBlue + (1U << 13)) >> 14);
    }
    image.pixels.resize(count);
  } else {
    image.pixels.resize(3 * count);
    for (std::size_t i = count; i-- > 0;) {
      const std::uint8_t level = image.pixels[i];
      for (std::size_t c = 0; c < 3; ++c) image.pixels[3 * i + c] = level;
    }
  }
  image.channels = channels;
}

}  // namespace tune::trainer
