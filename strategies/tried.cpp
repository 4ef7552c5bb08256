#include "strategies/tried.hpp"

#include <algorithm>

#include "strategies/grid_strategy.hpp"
#include "strategies/space_size.hpp"
#include "tune/random.hpp"

namespace tune::strategies {
namespace {

constexpr int kDraws = 64;

}  // namespace

Tried::Tried(const StudyView& study) {
  for (TrialId id = 1; id < study.next_trial(); ++id) configurations_.push_back(study.trial(id).configuration());
}

bool Tried::contains(const Configuration& configuration) const {
  return std::find(configurations_.begin(), configurations_.end(), configuration) != configurations_.end();
}

std::optional<Configuration> Tried::untried(const UnitCube& cube, std::uint64_t seed, std::int64_t trial) const {
  RandomStream stream(seed, trial, "untried");
  std::vector<double> point(cube.size());
  Configuration last;
  for (int i = 0; i < kDraws; ++i) {
    for (double& u : point) u = stream.uniform();
    last = cube.decode(point);
    if (!contains(last)) return last;
  }
  const auto count = count_configurations(cube.space());
  if (!count) return last;
  const auto all = Grid::make(cube.space(), kMaxGridPointsPerParameter, {});
  if (!all.ok()) return last;
  for (std::int64_t i = 0; i < all->size(); ++i) {
    Configuration configuration = all->at(i);
    if (!contains(configuration)) return configuration;
  }
  return all->size() < *count ? std::optional(last) : std::nullopt;
}

}  // namespace tune::strategies
