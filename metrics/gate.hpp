#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <re2/re2.h>
#include <re2/set.h>

namespace tune::metrics {

/// Tells quickly which of many patterns may match in a line. Immutable, safe on any thread.
class Gate {
 public:
  /// REQUIRES: each pattern compiles with `options`.
  Gate(const std::vector<std::string>& patterns, const RE2::Options& options);

  /// Leaves in `found` the patterns that may match, ascending.
  void match(std::string_view line, std::vector<int>& found) const;

 private:
  std::size_t size_;
  RE2::Set set_;
  bool usable_;  ///< false when the set needed more memory than it may have
};

}  // namespace tune::metrics
