#pragma once

#include <cstddef>
#include <functional>
#include <vector>

namespace tune::engine {

struct GpuCandidate {
  std::size_t gpu = 0;
  int objection = 0;  ///< the higher, the rather another one
};

/// `count` of the candidates, in their order: with the least objections, then those that are nearest to each other (the sum over
/// all pairs; built up from each candidate by the nearest one, which finds the best in a tree of switches), then the first ones.
/// Empty when there are not so many.
std::vector<std::size_t> choose_near(const std::vector<GpuCandidate>& candidates, std::size_t count,
                                     const std::function<int(std::size_t, std::size_t)>& distance);

}  // namespace tune::engine
