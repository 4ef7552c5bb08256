#include "trainers/data/idx.hpp"

#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

#include "trainers/data/image_shape.hpp"

namespace tune::trainer {
namespace {

constexpr std::uint32_t kImagesMagic = 0x803;
constexpr std::uint32_t kLabelsMagic = 0x801;
constexpr std::size_t kChunk = std::size_t{1} << 22;  // bytes: memory grows with what is read, whatever a header claims

struct Closer {
  void operator()(gzFile_s* file) const { gzclose_r(file); }
};

std::string magic_text(std::uint32_t magic) {
  char text[16];
  std::snprintf(text, sizeof text, "0x%08x", magic);
  return text;
}

/// One file, read from front to back. After a failure, `problem` says what it was.
class IdxFile {
 public:
  explicit IdxFile(const std::string& path) : path_(path), file_(gzopen(path.c_str(), "rb")) {
    if (!file_)
      problem_ = std::strerror(errno);
    else
      gzbuffer(file_.get(), 1 << 17);
  }

  bool bytes(std::vector<std::uint8_t>& out, std::int64_t count) {
    out.clear();
    while (file_ && static_cast<std::int64_t>(out.size()) < count) {
      const std::size_t before = out.size();
      const std::size_t want = std::min(kChunk, static_cast<std::size_t>(count) - before);
      out.resize(before + want);
      const int got = gzread(file_.get(), out.data() + before, static_cast<unsigned>(want));
      if (got != static_cast<int>(want)) {
        out.resize(before);
        return fail(got);
      }
    }
    return file_ != nullptr;
  }

  bool number(std::uint32_t& out) {
    std::vector<std::uint8_t> b;
    if (!bytes(b, 4)) return false;
    out = std::uint32_t{b[0]} << 24 | std::uint32_t{b[1]} << 16 | std::uint32_t{b[2]} << 8 | std::uint32_t{b[3]};
    return true;
  }

  bool at_end() {
    std::uint8_t byte = 0;
    const int got = gzread(file_.get(), &byte, 1);
    if (got < 0) return fail(got);
    if (got == 1) problem_ = "longer than its header says";
    return got == 0;
  }

  [[nodiscard]] Failure failure() const { return {path_ + ": " + problem_}; }
  [[nodiscard]] Failure failure(const std::string& problem) const { return {path_ + ": " + problem}; }

 private:
  bool fail(int got) {
    int code = Z_OK;
    const char* text = gzerror(file_.get(), &code);
    if (got >= 0 || code == Z_BUF_ERROR)
      problem_ = "cut short: it ends before all that its header announces";
    else if (code == Z_ERRNO)
      problem_ = std::strerror(errno);
    else
      problem_ = std::string("damaged gzip data: ") + text;
    return false;
  }

  std::string path_;
  std::string problem_;
  std::unique_ptr<gzFile_s, Closer> file_;
};

Outcome check_magic(IdxFile& file, std::uint32_t expected, const char* what) {
  std::uint32_t magic = 0;
  if (!file.number(magic)) return file.failure();
  if (magic == expected) return {};
  return file.failure("magic number " + magic_text(magic) + ", but IDX " + what + " begin with " + magic_text(expected));
}

struct Pixels {
  ImageShape shape;
  std::vector<std::uint8_t> bytes;
};

Fallible<Pixels> read_images(IdxFile& file, std::int64_t limit, std::int64_t& announced) {
  if (auto failure = check_magic(file, kImagesMagic, "images")) return *failure;
  std::uint32_t count = 0;
  std::uint32_t height = 0;
  std::uint32_t width = 0;
  if (!file.number(count) || !file.number(height) || !file.number(width)) return file.failure();
  if (count == 0) return file.failure("no images");
  if (height == 0 || width == 0 || std::max(height, width) > kMaxImageSide) {
    return file.failure("images of " + std::to_string(height) + " x " + std::to_string(width) + " pixels; allowed: 1 to " +
                        std::to_string(kMaxImageSide) + " each way");
  }
  announced = count;
  Pixels pixels;
  pixels.shape = {.channels = 1, .height = height, .width = width};
  const std::int64_t used = limit > 0 ? std::min(limit, announced) : announced;
  if (!file.bytes(pixels.bytes, used * pixels.shape.pixels())) return file.failure();
  if (used == announced && !file.at_end()) return file.failure();
  return pixels;
}

}  // namespace

Fallible<ImageSet> read_idx(const std::string& images_path, const std::string& labels_path, std::int64_t limit) {
  IdxFile images(images_path);
  std::int64_t announced = 0;
  auto pixels = read_images(images, limit, announced);
  if (!pixels.ok()) return pixels.failure();

  IdxFile labels(labels_path);
  if (auto failure = check_magic(labels, kLabelsMagic, "labels")) return *failure;
  std::uint32_t count = 0;
  if (!labels.number(count)) return labels.failure();
  if (count != announced) {
    return labels.failure(std::to_string(count) + " labels, but " + images_path + " has " + std::to_string(announced) +
                          " images");
  }
  std::vector<std::uint8_t> values;
  if (!labels.bytes(values, count) || !labels.at_end()) return labels.failure();
  values.resize(pixels.value().bytes.size() / static_cast<std::size_t>(pixels.value().shape.pixels()));
  return own_images(pixels.value().shape, std::move(pixels.value().bytes), {values.begin(), values.end()});
}

}  // namespace tune::trainer
