#pragma once

#include <string>
#include <vector>

#include "tune/metric_definition.hpp"

namespace tune::metrics {

/// Something that is allowed and probably not what was meant.
struct Warning {
  std::string what;    ///< one line
  std::string advice;  ///< what to do about it; may be empty
  bool operator==(const Warning&) const = default;
};

/// Known traps in a definition, found without a log: a value group that cuts exponents off, a lazy group at the end, a pattern
/// that also reads `val_` + its name, one that also reads the line of a longer name. REQUIRES: check_definition(definition) is
/// ok.
std::vector<Warning> lint(const MetricDefinition& definition);

}  // namespace tune::metrics
