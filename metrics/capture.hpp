#pragma once

#include <re2/re2.h>

#include <string>
#include <string_view>

namespace tune::metrics {

/// Searches one pattern in lines for its first group: the leftmost match as RE2 finds it. A pattern that begins with plain text,
/// or with `.*` and plain text, is tried only where that text stands, which is several times faster. Immutable, safe on any
/// thread.
class Capture {
 public:
  /// REQUIRES: `pattern`, as a user writes it, passes check_definition().
  explicit Capture(const std::string& pattern);

  /// Whether `line`, which holds no newline, matches; then `group` is the first group, empty when that took no part.
  bool search(std::string_view line, std::string_view& group) const;

 private:
  enum class Place { kAnywhere, kFirst, kLast };  ///< which of the places where text_ stands counts
  bool match(std::string_view line, std::size_t start, RE2::Anchor anchor, std::string_view& group) const;

  Place place_ = Place::kAnywhere;
  std::string text_;  ///< what every match begins with, unless kAnywhere
  RE2 regex_;         ///< unless kAnywhere: without a leading `.*`, to be matched where text_ stands
};

}  // namespace tune::metrics
