#pragma once

#include <optional>
#include <vector>

#include "engine/config/study_spec.hpp"
#include "tune/study_view.hpp"
#include "tune/unit_cube.hpp"

namespace tune::engine {

/// The user's first points (`initial`), one a trial in their order, before any strategy is asked. What a point leaves out is
/// drawn uniformly from the unit cube by `RandomStream(seed, trial, "initial")`. Immutable.
class FirstPoints {
 public:
  explicit FirstPoints(const StudySpec& spec);

  /// The configuration of the next trial; none when all points have been given out.
  [[nodiscard]] std::optional<Configuration> next(const StudyView& study) const;

 private:
  UnitCube cube_;
  std::vector<Configuration> points_;
};

}  // namespace tune::engine
