#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace tune::metrics {

/// A line as it stands in the log, its end left out; never empty.
struct RawLine {
  std::uint64_t offset = 0;  ///< of its first byte in the log
  std::string_view bytes;    ///< at most kMaxLineLength; valid until the next feed() or finish()
  bool escapes = false;      ///< may hold something clean_line() changes
  bool cut = false;          ///< the line was longer
};

/// Cuts a stream of bytes into lines. `\n`, `\r`, a backspace and `#015` (SageMaker's way to write `\r`; after a blank it is
/// text, as in `Trial #015`) end a line. Where the stream is broken into chunks makes no difference. Holds at most one line.
class LineSplitter {
 public:
  explicit LineSplitter(std::uint64_t offset = 0) : line_offset_(offset) {}

  /// The next bytes; they must live until next() has returned false. REQUIRES: it did so for the bytes before.
  void feed(std::string_view bytes);
  /// The next complete line; false when more bytes are needed.
  bool next(RawLine& line);
  /// After the last byte: the line without an end, if there is one.
  bool finish(RawLine& line);

 private:
  /// Where a byte occurs next; looked up only when the reading position has passed the last answer, so that a byte that is
  /// rare costs one scan of the chunk.
  struct Cursor {
    char byte;
    const char* at = nullptr;
  };
  const char* seek(Cursor& cursor, const char* from);
  /// Where the line that goes on at position_ ends (end_: not in this chunk), the length of that end in `size`; notes escapes.
  const char* find_end(std::size_t& size);
  bool continue_escape(RawLine& line);
  void hold(const char* end);
  bool emit(RawLine& line, std::string_view rest, std::size_t dropped);
  void skip_to(const char* next);

  const char* begin_ = nullptr;
  const char* position_ = nullptr;
  const char* end_ = nullptr;
  Cursor newline_{'\n'}, carriage_return_{'\r'}, backspace_{'\b'}, hash_{'#'}, escape_{'\x1b'};
  std::uint64_t line_offset_;
  std::string held_;             ///< the begun line, at most kMaxLineLength
  std::size_t held_length_ = 0;  ///< its true length
  char held_last_ = 0;
  bool held_escapes_ = false;
  std::size_t matched_ = 0;  ///< bytes of `#015` at the end of the last chunk
  std::string emitted_;
};

}  // namespace tune::metrics
