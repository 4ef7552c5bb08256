#pragma once

#include <string>
#include <vector>

#include "tune/registry.hpp"
#include "tune/status.hpp"

namespace tune::engine {

/// The options of a strategy or policy as a library user gave them, checked against their specs, defaults filled in. The error
/// names the option, what was given and what is allowed.
Result<Options> resolve_options(const std::string& owner, const std::vector<OptionSpec>& specs, const Options& given);

}  // namespace tune::engine
