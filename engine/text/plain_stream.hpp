#pragma once

#include <string>
#include <string_view>

namespace tune::engine {

/// The bytes of a log as they may be shown on a terminal, piece by piece: escape sequences (ESC `[`, ESC `]`, other) are left
/// out,
/// `\r` ends a line, other control characters and bytes that are no UTF-8 become `?` (as printable() has it). The pieces may end
/// anywhere: what has only begun waits for the next one. Not thread-safe.
class PlainStream {
 public:
  std::string feed(std::string_view bytes);
  /// The end of the log: what was still waiting.
  std::string finish();

 private:
  enum class State { kText, kEscape, kSequence, kCommand, kCommandEscape };

  void take(char c, std::string& out);
  void flush(std::string& out);

  State state_ = State::kText;
  std::string waiting_;        ///< text since the last end of a line or sequence that may be part of a character
  bool after_return_ = false;  ///< the line was ended by `\r`: a line feed that follows belongs to it
};

}  // namespace tune::engine
