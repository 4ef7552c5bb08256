#pragma once

#include <cstdint>
#include <optional>

namespace tune::strategies {

struct BayesianOptions {
  std::optional<std::int64_t> initial = {};  ///< trials of the initial design; none: max(5, min(10, 2 d + 1))
  /// What proposals maximise while results come in; `kAlternate` takes turns by trial number.
  enum class Maximize { kUcb, kLogEi, kAlternate } acquisition = Maximize::kUcb;
  double beta = 1.8;  ///< of the upper confidence bound
  bool input_warp = true;
  bool pure_exploration = true;  ///< while nothing has ended since the newest running trial was proposed
};

}  // namespace tune::strategies
