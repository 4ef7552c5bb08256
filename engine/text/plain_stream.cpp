#include "engine/text/plain_stream.hpp"

#include "engine/text/printable.hpp"

namespace tune::engine {

namespace {

constexpr char kEscape = '\x1b';
constexpr char kBell = '\x07';

bool between(char c, char low, char high) { return c >= low && c <= high; }

/// How many bytes at the end of `text` may be the beginning of a UTF-8 character that is not whole yet.
std::size_t begun(std::string_view text) {
  for (std::size_t back = 1; back <= 3 && back <= text.size(); ++back) {
    const auto byte = static_cast<unsigned char>(text[text.size() - back]);
    if ((byte & 0xC0U) == 0x80U) continue;
    const std::size_t length = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC0 ? 2 : 1;
    return length > back ? back : 0;
  }
  return 0;
}

}  // namespace

std::string PlainStream::feed(std::string_view bytes) {
  std::string out;
  for (const char c : bytes) take(c, out);
  // What has begun stays; the rest can be shown.
  const std::size_t kept = begun(waiting_);
  const std::string tail = waiting_.substr(waiting_.size() - kept);
  waiting_.resize(waiting_.size() - kept);
  flush(out);
  waiting_ = tail;
  return out;
}

std::string PlainStream::finish() {
  std::string out;
  flush(out);
  state_ = State::kText;
  after_return_ = false;
  return out;
}

void PlainStream::flush(std::string& out) {
  out += printable_lines(waiting_);
  waiting_.clear();
}

void PlainStream::take(char c, std::string& out) {
  switch (state_) {
    case State::kText:
      if (c == kEscape) {
        flush(out);
        state_ = State::kEscape;
      } else if (c == '\r') {
        flush(out);
        out += '\n';
      } else if (c != '\n' || !after_return_) {
        waiting_ += c;
      }
      after_return_ = c == '\r';
      return;
    case State::kEscape:
      if (c == '[')
        state_ = State::kSequence;
      else if (c == ']' || c == 'P' || c == '^' || c == '_' || c == 'X')
        state_ = State::kCommand;  // a title, a hyperlink, a device's command: up to BEL or ESC and a backslash
      else if (!between(c, 0x20, 0x2F))
        state_ = State::kText;
      break;
    case State::kSequence:
      if (!between(c, 0x20, 0x3F)) state_ = State::kText;
      break;
    case State::kCommand:
      if (c == kEscape) state_ = State::kCommandEscape;
      if (c == kBell) state_ = State::kText;
      break;
    case State::kCommandEscape:
      state_ = c == kEscape ? State::kCommandEscape : State::kText;
      break;
  }
  // No sequence goes beyond its line: a log without its end must not swallow what follows.
  if (c == '\n') {
    state_ = State::kText;
    out += '\n';
  }
}

}  // namespace tune::engine
