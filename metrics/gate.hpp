#pragma once

#include <re2/re2.h>
#include <re2/set.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "metrics/literal_search.hpp"

namespace tune::metrics {

/// Tells quickly which of many patterns may match in a line. A pattern that cannot match without a certain text, or without one
/// of a few, is found by that text; the others by an RE2::Set. Immutable, safe on any thread.
class Gate {
 public:
  /// REQUIRES: each pattern compiles with `options`.
  Gate(const std::vector<std::string>& patterns, const RE2::Options& options);

  /// Leaves in `found` the patterns that may match, ascending. Those left out do not match.
  void match(std::string_view line, std::vector<int>& found) const;

 private:
  void match_set(std::string_view line, std::vector<int>& found) const;

  std::vector<std::vector<int>> users_;  ///< of each text: the patterns it stands for
  std::vector<int> in_set_;              ///< the patterns of the set, in its order
  LiteralSearch texts_;                  ///< after the two above, which are filled with it
  RE2::Set set_;
  bool set_usable_ = false;  ///< false: it needed more memory than it may have
};

}  // namespace tune::metrics
