#include "engine/replay/gzip_lines.hpp"

#include <zlib.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

namespace tune::engine {

namespace {

constexpr unsigned kBufferBytes = 1 << 17;
constexpr int kPieceBytes = 1 << 14;  ///< read at a time

gzFile handle(void* file) { return static_cast<gzFile>(file); }

}  // namespace

void GzipLines::Close::operator()(void* file) const { gzclose(handle(file)); }

GzipLines::GzipLines(std::string path, void* file, std::size_t max_line_bytes)
    : path_(std::move(path)), file_(file), max_line_bytes_(max_line_bytes) {}

Result<GzipLines> GzipLines::open(const std::string& path, std::size_t max_line_bytes) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) return Status::invalid(path + " is a directory, not a file");
  gzFile file = gzopen(path.c_str(), "rb");
  if (file == nullptr) return Status::invalid(path + " cannot be read: " + std::strerror(errno));
  gzbuffer(file, kBufferBytes);
  return GzipLines(path, file, max_line_bytes);
}

Result<bool> GzipLines::next(std::string& line) {
  line.clear();
  if (ended_) return false;
  ++number_;
  const std::string where = path_ + ":" + std::to_string(number_) + ": ";
  std::array<char, kPieceBytes> piece{};
  while (gzgets(handle(file_.get()), piece.data(), kPieceBytes) != nullptr) {
    line += piece.data();  // what follows a zero byte in a line is lost, and the line is then refused for its cells
    if (line.size() > max_line_bytes_) {
      return Status::invalid(where + "the line is longer than " + std::to_string(max_line_bytes_) + " bytes");
    }
    if (!line.empty() && line.back() == '\n') {
      line.pop_back();
      if (!line.empty() && line.back() == '\r') line.pop_back();
      return true;
    }
  }
  ended_ = true;
  int code = Z_OK;
  const char* text = gzerror(handle(file_.get()), &code);
  if (code != Z_OK && code != Z_STREAM_END) return Status::invalid(where + "the file is damaged: " + text);
  return !line.empty();
}

}  // namespace tune::engine
