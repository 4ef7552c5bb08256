#include "engine/config/initial_points.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/config/diagnostics.hpp"
#include "tune/unit_cube.hpp"

namespace tune::engine {

namespace {

/// How far from a grid point a number may be, as a share of the step: decimal fractions are not exact in binary.
constexpr double kGridTolerance = 1e-9;

std::string words_of(const std::vector<Value>& values) {
  std::vector<std::string> words;
  for (const Value& value : values) words.push_back(to_text(value));
  return join(words, " | ");
}

bool on_grid(const Parameter& parameter, double number, double snapped) {
  const double rounding = 4.0 * std::numeric_limits<double>::epsilon() * std::max(std::abs(number), std::abs(parameter.min));
  return std::abs(number - snapped) <= kGridTolerance * grid_width(parameter) + rounding;
}

}  // namespace

std::string allowed_values(const Parameter& parameter) {
  if (!parameter.is_numeric()) return words_of(parameter.values);
  std::string text = parameter.type == ParameterType::kInt ? "int" : "number";
  text += " of " + to_text(parameter.min) + " to " + to_text(parameter.max);
  if (parameter.step) text += " by " + to_text(*parameter.step);
  return text;
}

std::optional<Value> value_of(const Parameter& parameter, const Value& given) {
  if (!parameter.is_numeric()) {
    const bool known = std::find(parameter.values.begin(), parameter.values.end(), given) != parameter.values.end();
    return known ? std::optional(given) : std::nullopt;
  }
  const bool whole = std::holds_alternative<std::int64_t>(given);
  if (!whole && (parameter.type == ParameterType::kInt || !std::holds_alternative<double>(given))) return std::nullopt;
  const double number = as_number(given);
  if (!(number >= parameter.min && number <= parameter.max)) return std::nullopt;
  Value snapped = parameter.snap(number);
  return on_grid(parameter, number, as_number(snapped)) ? std::optional(std::move(snapped)) : std::nullopt;
}

std::string why_inactive(const Space& space, std::size_t parameter, const Configuration& point) {
  if (space.is_active(point, parameter)) return "";
  const Condition& when = *space[parameter].when;
  const auto parent = space.index_of(when.parameter);
  const std::string needed = when.parameter + ": " + words_of(when.values);
  if (parent && point[*parent])
    return "is inactive where " + when.parameter + " is " + to_text(*point[*parent]) + "; it needs " + needed;
  return "is conditional; allowed: only beside " + needed;
}

}  // namespace tune::engine
