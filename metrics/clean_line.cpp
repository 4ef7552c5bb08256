#include "metrics/clean_line.hpp"

#include <algorithm>
#include <cstddef>

namespace tune::metrics {
namespace {

constexpr char kEscape = '\x1b';
constexpr std::string_view kEscapedTab = "#011";
constexpr std::string_view kEscapedSequence = "#033[";

bool between(char c, char low, char high) { return c >= low && c <= high; }

/// The end of a control sequence (ECMA-48, 5.4: parameters, intermediates, a final byte) whose `[` is before `at`.
std::size_t after_control_sequence(std::string_view text, std::size_t at) {
  while (at < text.size() && between(text[at], '\x30', '\x3f')) ++at;
  while (at < text.size() && between(text[at], '\x20', '\x2f')) ++at;
  return at < text.size() && between(text[at], '\x40', '\x7e') ? at + 1 : at;
}

/// The end of an escape sequence whose ESC is before `at`. An operating-system command (a title) without an end loses only its
/// first two bytes: the rest may be a metric.
std::size_t after_escape(std::string_view text, std::size_t at) {
  if (at >= text.size()) return at;
  if (text[at] == '[') return after_control_sequence(text, at + 1);
  if (text[at] == ']') {
    const auto end = text.find_first_of("\a\x1b", at + 1);
    if (end == std::string_view::npos) return at + 1;
    if (text[end] == '\a') return end + 1;
    return end + 1 < text.size() && text[end + 1] == '\\' ? end + 2 : at + 1;
  }
  while (at < text.size() && between(text[at], '\x20', '\x2f')) ++at;
  return at < text.size() && between(text[at], '\x30', '\x7e') ? at + 1 : at;
}

/// The length of the UTF-8 character at the start of `text` (RFC 3629); 0 when there is none.
std::size_t character_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xc2 && first <= 0xdf   ? 2
                             : (first & 0xf0U) == 0xe0        ? 3
                             : first >= 0xf0 && first <= 0xf4 ? 4
                                                              : 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0U) != 0x80) return 0;
  }
  const bool overlong = (first == 0xe0 && byte(1) < 0xa0) || (first == 0xf0 && byte(1) < 0x90);
  const bool excluded = (first == 0xed && byte(1) > 0x9f) || (first == 0xf4 && byte(1) > 0x8f);
  return overlong || excluded ? 0 : length;
}

}  // namespace

void clean_line(std::string_view raw, std::string& out) {
  out.clear();
  std::size_t at = 0;
  while (at < raw.size()) {
    std::size_t special = at;
    while (special < raw.size() && raw[special] != kEscape && raw[special] != '#') ++special;
    out.append(raw.substr(at, special - at));
    if (special == raw.size()) return;
    const std::string_view rest = raw.substr(special);
    if (rest[0] == kEscape) {
      at = after_escape(raw, special + 1);
    } else if (rest.starts_with(kEscapedSequence)) {
      at = after_control_sequence(raw, special + kEscapedSequence.size());
    } else if (rest.starts_with(kEscapedTab) && (special == 0 || raw[special - 1] != ' ')) {
      out += '\t';
      at = special + kEscapedTab.size();
    } else {
      out += '#';
      at = special + 1;
    }
  }
}

std::string printable(std::string_view text, std::size_t limit) {
  constexpr std::string_view kReplacement = "\xef\xbf\xbd";
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = character_length(text.substr(at));
    std::string_view next = length == 0 ? kReplacement : text.substr(at, length);
    const bool control = (length == 1 && (between(text[at], '\0', '\x1f') || text[at] == '\x7f')) ||
                         (length == 2 && text[at] == '\xc2' && static_cast<unsigned char>(text[at + 1]) < 0xa0);
    if (control) next = " ";
    if (out.size() + next.size() > limit) break;
    out += next;
    at += std::max<std::size_t>(length, 1);
  }
  return out;
}

}  // namespace tune::metrics
