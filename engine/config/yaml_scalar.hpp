#pragma once

#include <string>

#include "engine/config/located_yaml.hpp"

namespace tune::engine {

/// Why a node that looks like a number is not usable as one (beyond 64 bits, beyond double); empty when it is.
std::string unusable_number(const YamlNode& node);

}  // namespace tune::engine
