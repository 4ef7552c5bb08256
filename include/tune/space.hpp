#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "tune/status.hpp"
#include "tune/value.hpp"

namespace tune {

enum class ParameterType { kFloat, kInt, kCategorical };

/// How a numeric range is walked (SageMaker: ScalingType). `kAuto`: log when min > 0 and max/min >= kAutoLogRatio, else linear.
enum class Scale { kAuto, kLinear, kLog, kReverseLog };

inline constexpr double kAutoLogRatio = 100.0;
/// Integers beyond this are not exact as double and are refused as bounds.
inline constexpr double kMaxExactInteger = 9007199254740992.0;  // 2^53
/// A step may not make more values than this: as many as the largest range of ints has.
inline constexpr double kMaxGridValues = 2.0 * kMaxExactInteger;

/// A parameter exists in a configuration only while its parent holds one of `values`. One level: the parent itself is
/// unconditional and categorical.
struct Condition {
  std::string parameter = {};
  std::vector<Value> values = {};
};

/// How sure a user is of a `Prior`.
enum class Confidence { kLow, kMedium, kHigh };

/// A user's belief about where the best lies. A strategy that uses it still finds the best elsewhere, later (docs/search.md).
struct Prior {
  Value value = {};
  Confidence confidence = Confidence::kMedium;
  bool operator==(const Prior&) const = default;
};

/// One named dimension of the space. For kFloat and kInt: [min, max] inclusive, `step` > 0 makes it the grid min, min + step, ...
/// For kCategorical: `values`, all different, at least one. `prior`: in the range, though not necessarily on the grid, or one of
/// the values.
struct Parameter {
  std::string name = {};
  ParameterType type = ParameterType::kFloat;
  double min = 0.0;
  double max = 1.0;
  Scale scale = Scale::kAuto;
  std::optional<double> step = {};
  std::vector<Value> values = {};
  std::optional<Condition> when = {};
  std::optional<Prior> prior = {};

  [[nodiscard]] Scale resolved_scale() const {
    if (scale != Scale::kAuto) return scale;
    return min > 0.0 && max / min >= kAutoLogRatio ? Scale::kLog : Scale::kLinear;
  }
  [[nodiscard]] bool is_numeric() const { return type != ParameterType::kCategorical; }
  /// Number of grid points of a stepped or int parameter, number of values of a categorical one; 0 for a continuous one.
  [[nodiscard]] std::int64_t cardinality() const {
    if (!is_numeric()) return static_cast<std::int64_t>(values.size());
    const double width = step.value_or(type == ParameterType::kInt ? 1.0 : 0.0);
    return width > 0.0 ? static_cast<std::int64_t>(std::floor((max - min) / width + 1e-9)) + 1 : 0;
  }
  /// The value nearest to `number` that this parameter allows: clamped, snapped to the grid, of the right type.
  /// REQUIRES: is_numeric().
  [[nodiscard]] Value snap(double number) const {
    double inside = std::clamp(number, min, max);
    const double width = step.value_or(type == ParameterType::kInt ? 1.0 : 0.0);
    if (width > 0.0) {
      const double last = static_cast<double>(cardinality() - 1);
      inside = min + width * std::clamp(std::round((inside - min) / width), 0.0, last);
      inside = std::min(inside, max);
    }
    if (type == ParameterType::kInt) return static_cast<std::int64_t>(std::llround(inside));
    return inside;
  }
};

/// One value for each active parameter, aligned with `Space::parameters()`; an inactive parameter has none.
class Configuration {
 public:
  Configuration() = default;
  explicit Configuration(std::size_t parameters) : values_(parameters) {}

  [[nodiscard]] std::size_t size() const { return values_.size(); }
  [[nodiscard]] const std::optional<Value>& operator[](std::size_t index) const { return values_[index]; }
  std::optional<Value>& operator[](std::size_t index) { return values_[index]; }
  bool operator==(const Configuration&) const = default;

 private:
  std::vector<std::optional<Value>> values_;
};

/// Typed handles of the library interface: `trial[learning_rate]` is a double, a conditional one a std::optional.
template <typename T>
struct Handle {
  std::size_t index;
};
template <typename T>
struct ConditionalHandle {
  std::size_t index;
};

class ConditionalSpace;

/// The parameters to be searched, in the order in which they were added. Adding checks its arguments: the first error is kept
/// in `status()`, which whoever opens a study reports. Copyable; const use is safe from several threads.
class Space {
 public:
  Handle<double> uniform(std::string name, double min, double max) { return real(std::move(name), min, max, Scale::kLinear); }
  Handle<double> log_uniform(std::string name, double min, double max) { return real(std::move(name), min, max, Scale::kLog); }
  Handle<double> reverse_log_uniform(std::string name, double min, double max) {
    return real(std::move(name), min, max, Scale::kReverseLog);
  }
  Handle<std::int64_t> integer(std::string name, std::int64_t min, std::int64_t max, Scale scale = Scale::kAuto) {
    return {add(numeric(std::move(name), ParameterType::kInt, static_cast<double>(min), static_cast<double>(max), scale))};
  }
  Handle<std::string> categorical(std::string name, std::initializer_list<const char*> values) {
    Parameter parameter;
    parameter.name = std::move(name);
    parameter.type = ParameterType::kCategorical;
    for (const char* value : values) parameter.values.emplace_back(std::string(value));
    return {add(std::move(parameter))};
  }
  /// Parameters that exist only while `parent` holds one of `values`.
  ConditionalSpace when(Handle<std::string> parent, std::initializer_list<const char*> values);

  /// Says where the best value of a parameter is believed to lie; a later belief replaces an earlier one.
  template <typename T>
  Space& prior(Handle<T> parameter, std::type_identity_t<T> value, Confidence confidence = Confidence::kMedium) {
    return believe(parameter.index, Prior{Value(std::move(value)), confidence});
  }
  template <typename T>
  Space& prior(ConditionalHandle<T> parameter, std::type_identity_t<T> value, Confidence confidence = Confidence::kMedium) {
    return believe(parameter.index, Prior{Value(std::move(value)), confidence});
  }

  /// Adds any parameter and returns its index.
  std::size_t add(Parameter parameter) {
    if (Status checked = check(parameter); status_.ok() && !checked.ok()) status_ = std::move(checked);
    parameters_.push_back(std::move(parameter));
    return parameters_.size() - 1;
  }

  /// Whether `parameter` could be added to this space; the message names the parameter, the value and what is allowed.
  [[nodiscard]] Status check(const Parameter& parameter) const;

  /// The first error met while adding.
  [[nodiscard]] const Status& status() const { return status_; }
  [[nodiscard]] const std::vector<Parameter>& parameters() const { return parameters_; }
  [[nodiscard]] std::size_t size() const { return parameters_.size(); }
  [[nodiscard]] const Parameter& operator[](std::size_t index) const { return parameters_[index]; }
  [[nodiscard]] std::optional<std::size_t> index_of(std::string_view name) const {
    for (std::size_t i = 0; i < parameters_.size(); ++i) {
      if (parameters_[i].name == name) return i;
    }
    return std::nullopt;
  }
  /// Whether parameter `index` exists given the values of the unconditional parameters in `configuration`.
  [[nodiscard]] bool is_active(const Configuration& configuration, std::size_t index) const {
    const auto& when = parameters_[index].when;
    if (!when) return true;
    const auto parent = index_of(when->parameter);
    if (!parent) return false;
    const auto& value = configuration[*parent];
    return value && std::find(when->values.begin(), when->values.end(), *value) != when->values.end();
  }
  /// Whether `configuration` has exactly the active parameters, each of the right type, in range and on its grid.
  [[nodiscard]] Status check(const Configuration& configuration) const;

 private:
  static Status check_prior(const Parameter& parameter);
  static bool has_type(const Parameter& parameter, const Value& value) {
    return parameter.type == ParameterType::kInt ? std::holds_alternative<std::int64_t>(value)
                                                 : std::holds_alternative<double>(value);
  }
  Space& believe(std::size_t index, Prior prior) {
    parameters_[index].prior = std::move(prior);
    if (Status checked = check_prior(parameters_[index]); status_.ok() && !checked.ok()) status_ = std::move(checked);
    return *this;
  }
  static Parameter numeric(std::string name, ParameterType type, double min, double max, Scale scale) {
    Parameter parameter;
    parameter.name = std::move(name);
    parameter.type = type;
    parameter.min = min;
    parameter.max = max;
    parameter.scale = scale;
    return parameter;
  }
  Handle<double> real(std::string name, double min, double max, Scale scale) {
    return {add(numeric(std::move(name), ParameterType::kFloat, min, max, scale))};
  }

  std::vector<Parameter> parameters_;
  Status status_;
};

/// The result of `Space::when`: adds parameters under that condition. Lives no longer than its space.
class ConditionalSpace {
 public:
  ConditionalSpace(Space& space, Condition condition) : space_(space), condition_(std::move(condition)) {}

  ConditionalHandle<double> uniform(std::string name, double min, double max) {
    return {add(std::move(name), ParameterType::kFloat, min, max, Scale::kLinear)};
  }
  ConditionalHandle<double> log_uniform(std::string name, double min, double max) {
    return {add(std::move(name), ParameterType::kFloat, min, max, Scale::kLog)};
  }
  ConditionalHandle<double> reverse_log_uniform(std::string name, double min, double max) {
    return {add(std::move(name), ParameterType::kFloat, min, max, Scale::kReverseLog)};
  }
  ConditionalHandle<std::int64_t> integer(std::string name, std::int64_t min, std::int64_t max, Scale scale = Scale::kAuto) {
    return {add(std::move(name), ParameterType::kInt, static_cast<double>(min), static_cast<double>(max), scale)};
  }

 private:
  std::size_t add(std::string name, ParameterType type, double min, double max, Scale scale) {
    Parameter parameter;
    parameter.name = std::move(name);
    parameter.type = type;
    parameter.min = min;
    parameter.max = max;
    parameter.scale = scale;
    parameter.when = condition_;
    return space_.add(std::move(parameter));
  }

  Space& space_;
  Condition condition_;
};

inline ConditionalSpace Space::when(Handle<std::string> parent, std::initializer_list<const char*> values) {
  Condition condition;
  condition.parameter = parameters_[parent.index].name;
  for (const char* value : values) condition.values.emplace_back(std::string(value));
  return {*this, std::move(condition)};
}

inline Status Space::check_prior(const Parameter& parameter) {
  if (!parameter.prior) return {};
  const Value& value = parameter.prior->value;
  const std::string given = "parameter '" + parameter.name + "': prior " + to_text(value);
  if (!parameter.is_numeric()) {
    const bool known = std::find(parameter.values.begin(), parameter.values.end(), value) != parameter.values.end();
    return known ? Status() : Status::invalid(given + " is none of its values");
  }
  if (!has_type(parameter, value))
    return Status::invalid(given + (parameter.type == ParameterType::kInt ? " is no int" : " is no float"));
  if (as_number(value) >= parameter.min && as_number(value) <= parameter.max) return {};
  return Status::invalid(given + " is outside [" + to_text(parameter.min) + ", " + to_text(parameter.max) + "]");
}

inline Status Space::check(const Parameter& parameter) const {
  const std::string where = "parameter '" + parameter.name + "': ";
  if (parameter.name.empty()) return Status::invalid("a parameter needs a name");
  if (index_of(parameter.name)) return Status::invalid(where + "is there twice");
  if (parameter.is_numeric()) {
    if (!std::isfinite(parameter.min) || !std::isfinite(parameter.max))
      return Status::invalid(where + "min and max must be finite");
    const std::string range = "[" + to_text(parameter.min) + ", " + to_text(parameter.max) + "]";
    if (parameter.min > parameter.max) return Status::invalid(where + "min must not exceed max, got " + range);
    if (parameter.type == ParameterType::kInt) {
      if (std::max(std::abs(parameter.min), std::abs(parameter.max)) > kMaxExactInteger) {
        return Status::invalid(where + "integer bounds must lie within +-2^53, got " + range);
      }
      if (parameter.min != std::floor(parameter.min) || parameter.max != std::floor(parameter.max)) {
        return Status::invalid(where + "an int needs whole bounds, got " + range);
      }
      if (parameter.scale == Scale::kReverseLog) return Status::invalid(where + "scale reverse_log is for floats only");
    }
    if (parameter.scale == Scale::kLog && parameter.min <= 0.0) {
      return Status::invalid(where + "scale log needs min > 0, got " + range);
    }
    if (parameter.scale == Scale::kReverseLog && (parameter.min < 0.0 || parameter.max >= 1.0)) {
      return Status::invalid(where + "scale reverse_log needs 0 <= min and max < 1, got " + range);
    }
    if (parameter.step && !(std::isfinite(*parameter.step) && *parameter.step > 0.0)) {
      return Status::invalid(where + "step must be > 0, got " + to_text(*parameter.step));
    }
    if (parameter.step && parameter.type == ParameterType::kInt && *parameter.step != std::floor(*parameter.step)) {
      return Status::invalid(where + "the step of an int must be whole, got " + to_text(*parameter.step));
    }
    if (parameter.step && !((parameter.max - parameter.min) / *parameter.step <= kMaxGridValues)) {
      return Status::invalid(where + "step " + to_text(*parameter.step) + " makes too many values of " + range +
                             "; allowed: up to 2^54 of them, or no step");
    }
  } else {
    if (parameter.values.empty()) return Status::invalid(where + "needs at least one value");
    for (std::size_t i = 0; i < parameter.values.size(); ++i) {
      for (std::size_t j = 0; j < i; ++j) {
        if (to_text(parameter.values[i]) == to_text(parameter.values[j])) {
          return Status::invalid(where + "value '" + to_text(parameter.values[i]) + "' is there twice");
        }
      }
    }
  }
  if (const Status checked = check_prior(parameter); !checked.ok()) return checked;
  if (parameter.when) {
    const auto parent = index_of(parameter.when->parameter);
    if (!parent) return Status::invalid(where + "when names '" + parameter.when->parameter + "', which is no parameter above it");
    if ((*this)[*parent].is_numeric())
      return Status::invalid(where + "when needs a categorical parameter, '" + parameter.when->parameter + "' is none");
    if ((*this)[*parent].when)
      return Status::invalid(where + "nested when is planned and not built yet: '" + parameter.when->parameter +
                             "' is conditional itself");
    if (parameter.when->values.empty()) return Status::invalid(where + "when needs at least one value");
    for (const Value& value : parameter.when->values) {
      const auto& allowed = (*this)[*parent].values;
      if (std::find(allowed.begin(), allowed.end(), value) == allowed.end()) {
        return Status::invalid(where + "when: '" + to_text(value) + "' is no value of '" + parameter.when->parameter + "'");
      }
    }
  }
  return {};
}

inline Status Space::check(const Configuration& configuration) const {
  if (configuration.size() != size()) return Status::invalid("a configuration of another space");
  for (std::size_t i = 0; i < size(); ++i) {
    const Parameter& parameter = parameters_[i];
    const auto& value = configuration[i];
    const bool active = is_active(configuration, i);
    if (active && !value) return Status::invalid("parameter '" + parameter.name + "' has no value");
    if (!active && value) return Status::invalid("parameter '" + parameter.name + "' is inactive here and must be absent");
    if (!value) continue;
    const std::string given = "parameter '" + parameter.name + "': " + to_text(*value);
    if (!parameter.is_numeric()) {
      if (std::find(parameter.values.begin(), parameter.values.end(), *value) == parameter.values.end()) {
        return Status::invalid(given + " is none of its values");
      }
      continue;
    }
    if (!has_type(parameter, *value))
      return Status::invalid(given + (parameter.type == ParameterType::kInt ? " is no int" : " is no float"));
    const double number = as_number(*value);
    if (!(number >= parameter.min && number <= parameter.max)) {
      return Status::invalid(given + " is outside [" + to_text(parameter.min) + ", " + to_text(parameter.max) + "]");
    }
    if (parameter.step && std::abs(as_number(parameter.snap(number)) - number) > 1e-9 * std::max(1.0, std::abs(number))) {
      return Status::invalid(given + " is not on its grid of step " + to_text(*parameter.step));
    }
  }
  return {};
}

}  // namespace tune
