#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tune/space.hpp"

/// The user's first points: what config files and library users must give.
namespace tune::engine {

/// What a parameter takes, in words: `number of 1e-05 to 1`, `int of 16 to 64 by 16`, `sgd | adam`.
std::string allowed_values(const Parameter& parameter);

/// `given` as a value of `parameter`: a whole number serves as a float, and what differs from a grid point by rounding alone is
/// that point. None when it is no value of the parameter.
std::optional<Value> value_of(const Parameter& parameter, const Value& given);

/// Why a conditional parameter cannot have a value at `point`, which may leave parameters out; empty when it can.
std::string why_inactive(const Space& space, std::size_t parameter, const Configuration& point);

}  // namespace tune::engine
