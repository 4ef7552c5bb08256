#include "engine/config/yaml_text.hpp"

#include <cstdio>

namespace tune::engine {

namespace {

/// Length of the well-formed UTF-8 sequence at `at`, 0 when there is none (RFC 3629: no overlong forms, no surrogates).
std::size_t utf8_length(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(at + i < text.size() ? text[at + i] : 0); };
  const auto tail = [&](std::size_t i) { return (byte(i) & 0xC0U) == 0x80U; };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return tail(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    const bool exact = !(first == 0xE0 && byte(1) < 0xA0) && !(first == 0xED && byte(1) > 0x9F);
    return exact && tail(1) && tail(2) ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    const bool exact = !(first == 0xF0 && byte(1) < 0x90) && !(first == 0xF4 && byte(1) > 0x8F);
    return exact && tail(1) && tail(2) && tail(3) ? 4 : 0;
  }
  return 0;
}

std::string hex(unsigned char byte) {
  char text[8];
  std::snprintf(text, sizeof text, "0x%02X", byte);
  return text;
}

}  // namespace

std::optional<YamlProblem> check_yaml_text(std::string_view text) {
  if (text.size() > kMaxConfigBytes) {
    return YamlProblem{
        {}, "", "too large: " + std::to_string(text.size()) + " bytes; allowed: up to " + std::to_string(kMaxConfigBytes)};
  }
  if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF")) {
    return YamlProblem{{}, "", "the file is UTF-16; allowed: UTF-8"};
  }
  YamlMark mark;
  std::size_t at = text.starts_with(kUtf8Mark) ? kUtf8Mark.size() : 0;
  while (at < text.size()) {
    const std::size_t length = utf8_length(text, at);
    const auto byte = static_cast<unsigned char>(text[at]);
    if (length == 0) return YamlProblem{mark, "", "byte " + hex(byte) + " is not UTF-8; allowed: UTF-8"};
    const bool control = (byte < 0x20 && byte != '\t' && byte != '\n' && byte != '\r') || byte == 0x7F;
    if (control) return YamlProblem{mark, "", "control character " + hex(byte) + " is not allowed"};
    mark = byte == '\n' ? YamlMark{mark.line + 1, 1} : YamlMark{mark.line, mark.column + 1};
    at += length;
  }
  return std::nullopt;
}

}  // namespace tune::engine
