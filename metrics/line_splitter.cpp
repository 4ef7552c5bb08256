#include "metrics/line_splitter.hpp"

#include <algorithm>
#include <cstring>

#include "metrics/log_reader.hpp"
#include "tune/status.hpp"

namespace tune::metrics {
namespace {

constexpr std::string_view kEscapedReturn = "#015";

}  // namespace

void LineSplitter::feed(std::string_view bytes) {
  TUNE_CHECK(position_ == end_);
  begin_ = position_ = bytes.data();
  end_ = begin_ + bytes.size();
  for (Cursor* cursor : {&newline_, &carriage_return_, &backspace_, &hash_, &escape_}) cursor->at = nullptr;
}

const char* LineSplitter::seek(Cursor& cursor, const char* from) {
  if (cursor.at == nullptr || cursor.at < from) {
    const void* found = from == end_ ? nullptr : std::memchr(from, cursor.byte, static_cast<std::size_t>(end_ - from));
    cursor.at = found ? static_cast<const char*>(found) : end_;
  }
  return cursor.at;
}

const char* LineSplitter::find_end(std::size_t& size) {
  const char* end = std::min({seek(newline_, position_), seek(carriage_return_, position_), seek(backspace_, position_)});
  size = 1;
  for (const char* hash = seek(hash_, position_); hash < end; hash = seek(hash_, hash + 1)) {
    while (hash + 1 < end && hash[1] == '#') ++hash;  // a progress bar
    if (hash + 1 < end_ && hash[1] != kEscapedReturn[1]) continue;
    const char before = hash > position_ ? hash[-1] : held_length_ > 0 ? held_last_ : '\0';
    const auto there = std::min(static_cast<std::size_t>(end_ - hash), kEscapedReturn.size());
    if (before != ' ' && kEscapedReturn.substr(0, there) == std::string_view(hash, there)) {
      if (there == kEscapedReturn.size()) {
        size = there;
        end = hash;
        break;
      }
      matched_ = there;
    }
    held_escapes_ = true;
  }
  held_escapes_ = held_escapes_ || seek(escape_, position_) < end;
  return end;
}

void LineSplitter::skip_to(const char* next) {
  line_offset_ += held_length_ + static_cast<std::uint64_t>(next - position_);
  position_ = next;
  held_length_ = 0;
  held_escapes_ = false;
  held_.clear();
}

void LineSplitter::hold(const char* end) {
  if (end == position_) return;
  const auto size = static_cast<std::size_t>(end - position_);
  held_.append(position_, std::min(size, kMaxLineLength - held_.size()));
  held_length_ += size;
  held_last_ = end[-1];
  position_ = end;
}

/// The held line without its last `dropped` bytes, then `rest`; false when that is empty.
bool LineSplitter::emit(RawLine& line, std::string_view rest, std::size_t dropped) {
  const std::size_t length = held_length_ - dropped + rest.size();
  line.offset = line_offset_;
  line.cut = length > kMaxLineLength;
  line.escapes = held_escapes_;
  if (held_length_ == 0) {
    line.bytes = rest.substr(0, kMaxLineLength);
  } else {
    held_.resize(std::min(held_.size(), held_length_ - dropped));
    held_.append(rest.substr(0, kMaxLineLength - held_.size()));
    std::swap(held_, emitted_);
    line.bytes = emitted_;
  }
  return length > 0;
}

/// Goes on with a `#015` that the last chunk began.
bool LineSplitter::continue_escape(RawLine& line) {
  const char* at = position_;
  while (matched_ < kEscapedReturn.size() && at < end_ && *at == kEscapedReturn[matched_]) ++at, ++matched_;
  if (matched_ == kEscapedReturn.size()) {
    const std::size_t before = kEscapedReturn.size() - static_cast<std::size_t>(at - position_);
    const bool some = emit(line, {}, before);
    matched_ = 0;
    skip_to(at);
    return some;
  }
  if (at == end_)
    hold(end_);
  else
    matched_ = 0;
  return false;
}

bool LineSplitter::next(RawLine& line) {
  if (matched_ > 0 && position_ < end_ && continue_escape(line)) return true;
  while (position_ < end_) {
    std::size_t size = 0;
    const char* end = find_end(size);
    if (end == end_) {
      hold(end_);
      return false;
    }
    const bool some = emit(line, {position_, static_cast<std::size_t>(end - position_)}, 0);
    skip_to(end + size);
    if (some) return true;
  }
  return false;
}

bool LineSplitter::finish(RawLine& line) {
  matched_ = 0;
  const bool some = emit(line, {}, 0);
  skip_to(position_);
  return some;
}

}  // namespace tune::metrics
