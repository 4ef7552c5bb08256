#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <optional>
#include <span>
#include <vector>

#include "tune/space.hpp"

namespace tune {

/// Distance between grid points of a numeric parameter in its own units; 0 for a continuous one.
inline double grid_width(const Parameter& parameter) {
  return parameter.is_numeric() ? parameter.step.value_or(parameter.type == ParameterType::kInt ? 1.0 : 0.0) : 0.0;
}

/// x on the parameter's scale: x, ln x or -ln(1 - x).
inline double to_scale(Scale scale, double x) {
  if (scale == Scale::kLog) return std::log(x);
  if (scale == Scale::kReverseLog) return -std::log1p(-x);
  return x;
}

/// The x that stands at `t` of the scale.
inline double from_scale(Scale scale, double t) {
  if (scale == Scale::kLog) return std::exp(t);
  if (scale == Scale::kReverseLog) return -std::expm1(-t);
  return t;
}

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
  /// Whether `parameter` exists at `point`.
  [[nodiscard]] bool is_active(std::span<const double> point, std::size_t parameter) const {
    const auto& condition = conditions_[parameter];
    return !condition || condition->holds[category_at(condition->parent, point[condition->parent])];
  }
  /// Index of the categorical value at `u`, which is clamped to [0, 1]. REQUIRES: a categorical parameter.
  [[nodiscard]] std::size_t category_at(std::size_t parameter, double u) const {
    const std::size_t count = space_[parameter].values.size();
    const double inside = u >= 0.0 ? std::min(u, 1.0) : 0.0;
    return std::min(count - 1, static_cast<std::size_t>(inside * static_cast<double>(count)));
  }
  /// Index of a categorical value in its list. REQUIRES: it is one of them.
  [[nodiscard]] std::size_t category(std::size_t parameter, const Value& value) const;

 private:
  static double finite(double x) {
    return std::clamp(x, std::numeric_limits<double>::lowest(), std::numeric_limits<double>::max());
  }

  struct Range {
    Scale scale = Scale::kLinear;
    double low = 0.0;  ///< in the scaled domain
    double high = 1.0;
  };

  struct ParentValues {
    std::size_t parent = 0;
    std::vector<bool> holds = {};  ///< by the parent's category
  };

  Space space_;
  std::vector<Range> ranges_;
  std::vector<std::optional<ParentValues>> conditions_;
};

inline UnitCube::UnitCube(const Space& space) : space_(space) {
  for (const Parameter& parameter : space_.parameters()) {
    Range range;
    if (parameter.is_numeric()) {
      range.scale = parameter.resolved_scale();
      double low = parameter.min;
      double high = parameter.max;
      if (const double width = grid_width(parameter); width > 0.0) {
        const double last = parameter.min + width * static_cast<double>(parameter.cardinality() - 1);
        low = parameter.min - width / 2.0;
        high = last + width / 2.0;
        // Half a step must not leave the scale's domain.
        if (range.scale == Scale::kLog) low = std::max(low, parameter.min / 2.0);
        if (range.scale == Scale::kReverseLog) high = std::min(high, (last + 1.0) / 2.0);
      }
      range.low = to_scale(range.scale, finite(low));
      range.high = to_scale(range.scale, finite(high));
    }
    ranges_.push_back(range);
    auto& condition = conditions_.emplace_back();
    const auto parent = parameter.when ? space_.index_of(parameter.when->parameter) : std::nullopt;
    if (!parent) continue;
    condition = ParentValues{.parent = *parent};
    const auto& wanted = parameter.when->values;
    for (const Value& value : space_[*parent].values) {
      condition->holds.push_back(std::find(wanted.begin(), wanted.end(), value) != wanted.end());
    }
  }
}

inline std::size_t UnitCube::category(std::size_t parameter, const Value& value) const {
  const auto& values = space_[parameter].values;
  const auto found = std::find(values.begin(), values.end(), value);
  TUNE_CHECK(found != values.end());
  return static_cast<std::size_t>(found - values.begin());
}

inline double UnitCube::encode(std::size_t parameter, const Value& value) const {
  const Parameter& about = space_[parameter];
  if (!about.is_numeric()) {
    return (static_cast<double>(category(parameter, value)) + 0.5) / static_cast<double>(about.values.size());
  }
  const Range& range = ranges_[parameter];
  // Halves keep the difference finite for ranges as wide as the doubles.
  const double width = range.high / 2.0 - range.low / 2.0;
  if (!(width > 0.0)) return 0.5;
  return std::clamp((to_scale(range.scale, as_number(value)) / 2.0 - range.low / 2.0) / width, 0.0, 1.0);
}

inline Value UnitCube::decode(std::size_t parameter, double u) const {
  const Parameter& about = space_[parameter];
  const double inside = u >= 0.0 ? std::min(u, 1.0) : 0.0;
  if (!about.is_numeric()) return about.values[category_at(parameter, inside)];
  const Range& range = ranges_[parameter];
  return about.snap(finite(from_scale(range.scale, range.low * (1.0 - inside) + range.high * inside)));
}

inline Configuration UnitCube::decode(std::span<const double> point) const {
  TUNE_CHECK(point.size() == size());
  Configuration configuration(size());
  for (std::size_t i = 0; i < size(); ++i) {  // a parent stands before its children
    if (space_.is_active(configuration, i)) configuration[i] = decode(i, point[i]);
  }
  return configuration;
}

inline std::vector<double> UnitCube::encode(const Configuration& configuration) const {
  std::vector<double> point(size(), 0.5);
  for (std::size_t i = 0; i < size(); ++i) {
    if (configuration[i]) point[i] = encode(i, *configuration[i]);
  }
  return point;
}

}  // namespace tune
