#pragma once

#include <algorithm>
#include <vector>

namespace tune::strategies {

/// The middle value, or the mean of the two middle ones, which does not overflow. REQUIRES: not empty, no NaN.
inline double median_of(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  if (values.size() % 2 == 1) return *middle;
  return *std::max_element(values.begin(), middle) / 2.0 + *middle / 2.0;
}

}  // namespace tune::strategies
