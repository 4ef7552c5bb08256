#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tune/metric_definition.hpp"

namespace tune::metrics {

/// The definitions in configs/metrics/NAME.yaml; only the form those files are written in, one flow mapping a line.
std::vector<MetricDefinition> load_definitions(const std::string& name);

/// What a log says, one observation a line, then the counters: as slow_reader.py prints it.
struct Reading {
  std::vector<std::string> observations;  ///< "metric<TAB>step<TAB>bits of the value"
  std::string counters;
};
Reading read_slowly(const std::vector<MetricDefinition>& definitions, const std::string& log_path);
/// The same by LogReader, the log fed in pieces of `chunk` bytes.
Reading read_quickly(const std::vector<MetricDefinition>& definitions, std::string_view log, std::size_t chunk);

}  // namespace tune::metrics
