#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "tune/status.hpp"

namespace tune::engine {

/// A text file, plain or compressed by gzip, line by line. Not to be shared between threads.
class GzipLines {
 public:
  static Result<GzipLines> open(const std::string& path, std::size_t max_line_bytes);

  /// The next line without its end (LF or CRLF) into `line`; false at the end of the file. Fails (invalid) on a line that is too
  /// long or a damaged file, naming the line.
  Result<bool> next(std::string& line);
  /// Of the line that was read last, from 1.
  [[nodiscard]] std::size_t number() const { return number_; }

 private:
  struct Close {
    void operator()(void* file) const;
  };
  GzipLines(std::string path, void* file, std::size_t max_line_bytes);

  std::string path_;
  std::unique_ptr<void, Close> file_;
  std::size_t max_line_bytes_;
  std::size_t number_ = 0;
  bool ended_ = false;
};

}  // namespace tune::engine
