#include "strategies/space_size.hpp"

#include <algorithm>

namespace tune::strategies {
namespace {

/// Both factors and the result are at most kCountLimit + 1, which stands for all that is more.
std::int64_t times(std::int64_t a, std::int64_t b) { return std::min(a * b, kCountLimit + 1); }

std::int64_t count_values(const Parameter& parameter) {
  const std::int64_t count = parameter.cardinality();
  if (count == 0) return parameter.min < parameter.max ? kCountLimit + 1 : 1;
  return std::min(count, kCountLimit + 1);
}

/// Combinations of the parameters that exist while `parent` holds `value`.
std::int64_t count_children(const Space& space, const Parameter& parent, const Value& value) {
  std::int64_t count = 1;
  for (const Parameter& child : space.parameters()) {
    if (!child.when || child.when->parameter != parent.name) continue;
    const auto& when = child.when->values;
    if (std::find(when.begin(), when.end(), value) != when.end()) count = times(count, count_values(child));
  }
  return count;
}

}  // namespace

std::optional<std::int64_t> count_configurations(const Space& space) {
  std::int64_t total = 1;
  for (const Parameter& parameter : space.parameters()) {
    if (parameter.when) continue;
    std::int64_t own = parameter.is_numeric() ? count_values(parameter) : 0;
    for (const Value& value : parameter.values) own = std::min(own + count_children(space, parameter, value), kCountLimit + 1);
    total = times(total, own);
  }
  return total > kCountLimit ? std::nullopt : std::optional(total);
}

}  // namespace tune::strategies
