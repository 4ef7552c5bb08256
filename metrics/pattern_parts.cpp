#include "metrics/pattern_parts.hpp"

#include <algorithm>
#include <cctype>
#include <cstddef>

namespace tune::metrics {
namespace {

/// The end of the character class that begins at `at`.
std::size_t after_class(std::string_view pattern, std::size_t at) {
  ++at;
  if (at < pattern.size() && pattern[at] == '^') ++at;
  if (at < pattern.size() && pattern[at] == ']') ++at;
  for (; at < pattern.size() && pattern[at] != ']'; ++at) {
    if (pattern[at] == '\\') ++at;
  }
  return at + 1;
}

bool captures(std::string_view from_bracket) { return from_bracket.substr(1, 1) != "?" || from_bracket.starts_with("(?P<"); }

}  // namespace

std::optional<PatternParts> split_pattern(std::string_view pattern) {
  std::size_t open = std::string_view::npos;
  std::size_t close = std::string_view::npos;
  int depth = 0;
  for (std::size_t at = 0; at < pattern.size();) {
    const char c = pattern[at];
    if (c == '\\') {
      at += 2;
      continue;
    }
    if (c == '[') {
      at = after_class(pattern, at);
      continue;
    }
    if (c == '|' && depth == 0) return std::nullopt;
    if (c == '(') {
      if (open == std::string_view::npos && captures(pattern.substr(at))) {
        if (depth > 0) return std::nullopt;
        open = at;
      }
      ++depth;
    } else if (c == ')') {
      --depth;
      if (depth == 0 && open != std::string_view::npos && close == std::string_view::npos) close = at;
    }
    ++at;
  }
  if (open == std::string_view::npos || close == std::string_view::npos) return std::nullopt;
  std::string_view group = pattern.substr(open + 1, close - open - 1);
  if (group.starts_with("?P<")) group.remove_prefix(std::min(group.find('>') + 1, group.size()));
  return PatternParts{std::string(pattern.substr(0, open)), std::string(group), std::string(pattern.substr(close + 1))};
}

std::optional<std::string> plain_text(std::string_view before) {
  constexpr std::string_view kMeta = R"(^$.|?*+()[]{})";
  if (before.starts_with(".*?"))
    before.remove_prefix(3);
  else if (before.starts_with(".*"))
    before.remove_prefix(2);
  for (const std::string_view blanks : {"\\s*", " *"}) {
    if (before.ends_with(blanks)) {
      before.remove_suffix(blanks.size());
      break;
    }
  }
  std::string text;
  for (std::size_t at = 0; at < before.size(); ++at) {
    if (before[at] == '\\') {
      if (++at == before.size() || std::ispunct(static_cast<unsigned char>(before[at])) == 0) return std::nullopt;
    } else if (kMeta.find(before[at]) != std::string_view::npos) {
      return std::nullopt;
    }
    text += before[at];
  }
  return text;
}

}  // namespace tune::metrics
