#pragma once

#include <optional>
#include <string>
#include <utility>
#include <variant>

namespace tune::trainer {

/// Why something could not be done: where, what was found, what is allowed. One line, for a person.
struct Failure {
  std::string message;
};

/// Nothing when it went well.
using Outcome = std::optional<Failure>;

/// A value, or why there is none.
template <class T>
class [[nodiscard]] Fallible {
 public:
  Fallible(T value) : held_(std::move(value)) {}            // NOLINT: a value is a success
  Fallible(Failure failure) : held_(std::move(failure)) {}  // NOLINT: a failure is a failure

  [[nodiscard]] bool ok() const { return held_.index() == 0; }
  /// REQUIRES: ok().
  [[nodiscard]] T& value() { return std::get<0>(held_); }
  [[nodiscard]] const T& value() const { return std::get<0>(held_); }
  /// REQUIRES: not ok().
  [[nodiscard]] const Failure& failure() const { return std::get<1>(held_); }

 private:
  std::variant<T, Failure> held_;
};

}  // namespace tune::trainer
