#include "engine/executors/gpu_choice.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <tuple>

namespace tune::engine {
namespace {

/// What it costs to take a set, lower is better.
using Cost = std::tuple<std::int64_t, std::int64_t, std::vector<std::size_t>>;

Cost cost_of(const std::vector<GpuCandidate>& candidates, std::vector<std::size_t> places,
             const std::function<int(std::size_t, std::size_t)>& distance) {
  std::sort(places.begin(), places.end());
  std::int64_t objections = 0;
  std::int64_t far = 0;
  for (std::size_t i = 0; i < places.size(); ++i) {
    objections += candidates[places[i]].objection;
    for (std::size_t k = 0; k < i; ++k) far += distance(candidates[places[i]].gpu, candidates[places[k]].gpu);
  }
  return {objections, far, std::move(places)};
}

}  // namespace

std::vector<std::size_t> choose_near(const std::vector<GpuCandidate>& candidates, std::size_t count,
                                     const std::function<int(std::size_t, std::size_t)>& distance) {
  if (count == 0 || candidates.size() < count) return {};
  std::optional<Cost> best;
  for (std::size_t start = 0; start < candidates.size(); ++start) {
    std::vector<std::size_t> places{start};
    while (places.size() < count) {
      std::tuple<int, std::int64_t, std::size_t> nearest{std::numeric_limits<int>::max(), 0, 0};
      for (std::size_t next = 0; next < candidates.size(); ++next) {
        if (std::find(places.begin(), places.end(), next) != places.end()) continue;
        std::int64_t far = 0;
        for (const std::size_t place : places) far += distance(candidates[place].gpu, candidates[next].gpu);
        nearest = std::min(nearest, {candidates[next].objection, far, next});
      }
      places.push_back(std::get<2>(nearest));
    }
    Cost cost = cost_of(candidates, std::move(places), distance);
    if (!best || cost < *best) best = std::move(cost);
  }
  std::vector<std::size_t> chosen;
  for (const std::size_t place : std::get<2>(*best)) chosen.push_back(candidates[place].gpu);
  return chosen;
}

}  // namespace tune::engine
