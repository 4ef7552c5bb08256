#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "tune/status.hpp"

namespace re2 {
class RE2;
}

namespace tune::metrics {

/// A regular expression (RE2 syntax) that names metrics. Cheap to copy; const use is safe from several threads.
class NamePattern {
 public:
  /// Refuses (invalid) what is no regular expression, empty, or longer than kMaxMetricRegexLength; the message says why.
  static Result<NamePattern> compile(std::string_view pattern);
  /// Whether it matches the whole name.
  [[nodiscard]] bool matches(std::string_view name) const;

 private:
  explicit NamePattern(std::shared_ptr<const re2::RE2> regex) : regex_(std::move(regex)) {}
  std::shared_ptr<const re2::RE2> regex_;
};

}  // namespace tune::metrics
