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

  /// What is there beyond offset(), at most `limit` bytes, and moves on. Empty: nothing new, not there, or see problem().
  std::string read(std::size_t limit);
  /// How long the file is now; 0 when it is not there or cannot be read.
  std::uint64_t size();
  /// errno of the last read() or size() of a file that is there; 0: it could be read.
  [[nodiscard]] int problem() const { return problem_; }
  /// Of the first byte not yet read.
  [[nodiscard]] std::uint64_t offset() const { return offset_; }

 private:
  std::string path_;
  std::uint64_t offset_;
  int fd_ = -1;  ///< opened when the file is first there
  int problem_ = 0;
};

}  // namespace tune::engine
