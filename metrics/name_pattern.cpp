#include "metrics/name_pattern.hpp"

#include "metrics/regex.hpp"
#include "tune/metric_definition.hpp"

namespace tune::metrics {

Result<NamePattern> NamePattern::compile(std::string_view pattern) {
  if (pattern.empty() || pattern.size() > kMaxMetricRegexLength) {
    return Status::invalid("given " + std::to_string(pattern.size()) + " bytes; allowed: 1 to " +
                           std::to_string(kMaxMetricRegexLength));
  }
  auto regex = std::make_shared<const RE2>(std::string(pattern), regex_options());
  if (!regex->ok()) return Status::invalid("no regular expression (RE2): " + regex->error());
  return NamePattern(std::move(regex));
}

bool NamePattern::matches(std::string_view name) const {
  return RE2::FullMatch(re2::StringPiece(name.data(), name.size()), *regex_);
}

}  // namespace tune::metrics
