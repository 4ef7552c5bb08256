#include "metrics/capture.hpp"

#include "metrics/pattern_parts.hpp"
#include "metrics/regex.hpp"

namespace tune::metrics {
namespace {

constexpr std::string_view kGreedy = ".*";
constexpr std::string_view kLazy = ".*?";
constexpr std::string_view kWordEdge = "\\b";

/// Without `.*` at both ends. At the end it changes nothing: it matches whatever is there.
std::string core(const std::string& pattern) {
  const auto parts = split_pattern(pattern);
  if (!parts) return pattern;
  std::string_view before = parts->before;
  if (before.starts_with(kLazy))
    before.remove_prefix(kLazy.size());
  else if (before.starts_with(kGreedy))
    before.remove_prefix(kGreedy.size());
  std::string result(before);
  const auto group_end = pattern.size() - parts->after.size();
  result += pattern.substr(parts->before.size(), group_end - parts->before.size());
  return parts->after == kGreedy ? result : result + parts->after;
}

/// The plain text a match begins with, after `.*` if there is one; empty when it cannot be told.
std::string leading_text(const std::string& pattern) {
  const auto parts = split_pattern(pattern);
  if (!parts || pattern.find("#011") != std::string::npos) return "";
  std::string_view before = parts->before;
  if (before.starts_with(kWordEdge)) before.remove_prefix(kWordEdge.size());
  return plain_text(before).value_or("");
}

}  // namespace

Capture::Capture(const std::string& pattern)
    : text_(leading_text(pattern)), regex_(to_re2(text_.empty() ? pattern : core(pattern)), regex_options()) {
  if (text_.empty()) return;
  place_ = pattern.starts_with(kGreedy) && !pattern.starts_with(kLazy) ? Place::kLast : Place::kFirst;
}

bool Capture::match(std::string_view line, std::size_t start, RE2::Anchor anchor, std::string_view& group) const {
  re2::StringPiece found[2];
  if (!regex_.Match({line.data(), line.size()}, start, line.size(), anchor, found, 2)) return false;
  group = {found[1].data() ? found[1].data() : line.data(), found[1].size()};
  return true;
}

bool Capture::search(std::string_view line, std::string_view& group) const {
  if (place_ == Place::kAnywhere) return match(line, 0, RE2::UNANCHORED, group);
  std::size_t at = line.find(text_);
  if (place_ == Place::kFirst) {
    for (; at != std::string_view::npos; at = line.find(text_, at + 1)) {
      if (match(line, at, RE2::ANCHOR_START, group)) return true;
    }
    return false;
  }
  if (at == std::string_view::npos) return false;
  for (auto later = line.find(text_, at + 1); later != std::string_view::npos; later = line.find(text_, at + 1)) at = later;
  while (!match(line, at, RE2::ANCHOR_START, group)) {
    at = at == 0 ? std::string_view::npos : line.rfind(text_, at - 1);
    if (at == std::string_view::npos) return false;
  }
  return true;
}

}  // namespace tune::metrics
