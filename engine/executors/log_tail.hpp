#pragma once

#include <cstdint>
#include <string>

namespace tune::engine {

/// Reads on in a file that somebody else appends to. Thread safety: none.
class LogTail {
 public:
  LogTail(std::string path, std::uint64_t offset) : path_(std::move(path)), offset_(offset) {}
  ~LogTail();
  LogTail(const LogTail&) = delete;
  LogTail& operator=(const LogTail&) = delete;

  /// What is there beyond offset(), at most `limit` bytes, and moves on. Empty: nothing new, or not readable now.
  std::string read(std::size_t limit);
  /// How long the file is now; 0 when it cannot be told.
  std::uint64_t size();
  /// Of the first byte not yet read.
  [[nodiscard]] std::uint64_t offset() const { return offset_; }

 private:
  std::string path_;
  std::uint64_t offset_;
  int fd_ = -1;  ///< opened when the file is first there
};

}  // namespace tune::engine
