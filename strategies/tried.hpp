#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "tune/study_view.hpp"
#include "tune/unit_cube.hpp"

namespace tune::strategies {

/// The configurations a study has proposed already, whatever became of them.
class Tried {
 public:
  explicit Tried(const StudyView& study);

  [[nodiscard]] bool contains(const Configuration& configuration) const;
  void add(Configuration configuration) { configurations_.push_back(std::move(configuration)); }

  /// Some configuration that has not been tried: a few random draws of the trial's stream, then, in a finite space, the first of
  /// the grid of all. None when every configuration has been tried; a repeat where that cannot be told (kCountLimit).
  [[nodiscard]] std::optional<Configuration> untried(const UnitCube& cube, std::uint64_t seed, std::int64_t trial) const;

 private:
  std::vector<Configuration> configurations_;
};

}  // namespace tune::strategies
