#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "tune/space.hpp"

namespace tune::strategies {

/// A space as the cube [0, 1]^size: one coordinate a parameter, in the parameters' order.
///
/// Numbers are linear in u after the parameter's scale: x, ln x, or -ln(1 - x). An int or stepped parameter covers half a step
/// beyond its first and last grid point, so that every grid point owns an equal share on a linear scale, and is snapped. A
/// categorical one owns equal slices; the value's index is floor(u k). A parameter that can hold only one value encodes as 0.5.
/// Immutable; const use is safe from several threads.
class UnitCube {
 public:
  explicit UnitCube(const Space& space);

  [[nodiscard]] const Space& space() const { return space_; }
  [[nodiscard]] std::size_t size() const { return ranges_.size(); }

  /// The coordinate of `value`; the middle of its slice for a categorical one. REQUIRES: a value of that parameter's type.
  [[nodiscard]] double encode(std::size_t parameter, const Value& value) const;
  /// The value at `u`, which is clamped to [0, 1]; always in range and on the grid.
  [[nodiscard]] Value decode(std::size_t parameter, double u) const;
  /// The configuration at `point`; coordinates of inactive parameters are ignored. REQUIRES: point.size() == size().
  [[nodiscard]] Configuration decode(std::span<const double> point) const;
  /// All coordinates; 0.5 for an inactive parameter.
  [[nodiscard]] std::vector<double> encode(const Configuration& configuration) const;
  /// Index of a categorical value in its list. REQUIRES: it is one of them.
  [[nodiscard]] std::size_t category(std::size_t parameter, const Value& value) const;

 private:
  struct Range {
    Scale scale = Scale::kLinear;
    double low = 0.0;  ///< in the scaled domain
    double high = 1.0;
  };

  Space space_;
  std::vector<Range> ranges_;
};

/// Distance between grid points of a numeric parameter in its own units; 0 for a continuous one.
double grid_width(const Parameter& parameter);
/// x on the parameter's scale (x, ln x or -ln(1 - x)), and back.
double to_scale(Scale scale, double x);
double from_scale(Scale scale, double t);

}  // namespace tune::strategies
