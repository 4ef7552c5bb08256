#pragma once

#include <string_view>

#include "tune/records.hpp"
#include "tune/space.hpp"

/// The words that a study's JSON and its config have in common.
namespace tune::engine {

std::string_view type_name(ParameterType type);
std::string_view scale_name(Scale scale);
std::string_view confidence_name(Confidence confidence);
std::string_view value_mode_name(ValueMode mode);

}  // namespace tune::engine
