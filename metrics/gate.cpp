#include "metrics/gate.hpp"

#include <algorithm>
#include <numeric>

#include "tune/status.hpp"

namespace tune::metrics {

Gate::Gate(const std::vector<std::string>& patterns, const RE2::Options& options)
    : size_(patterns.size()), set_(options, RE2::UNANCHORED), usable_(false) {
  for (const std::string& pattern : patterns) TUNE_CHECK(set_.Add(pattern, nullptr) >= 0);
  usable_ = !patterns.empty() && set_.Compile();
}

void Gate::match(std::string_view line, std::vector<int>& found) const {
  found.clear();
  RE2::Set::ErrorInfo error{RE2::Set::kNoError};
  if (usable_ && set_.Match({line.data(), line.size()}, &found, &error)) {
    std::sort(found.begin(), found.end());
  } else if (size_ > 0 && (!usable_ || error.kind != RE2::Set::kNoError)) {
    found.resize(size_);
    std::iota(found.begin(), found.end(), 0);
  }
}

}  // namespace tune::metrics
