#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tune/metric_definition.hpp"

namespace tune::benchmarks {

/// The 22 names of tensorpack's Mask R-CNN.
const std::vector<std::string>& metric_names();

/// One definition a name, with the epoch as step: as in configs/metrics/tensorpack-mask-rcnn.yaml, or in the form that SageMaker
/// published, `.*NAME:\s*(\S+).*`.
std::vector<MetricDefinition> definitions(bool published_form);

/// At least `bytes` of log in tensorpack's format, the same for the same seed. 15 % of the lines carry a metric, evenly over the
/// names.
std::string generate_log(std::size_t bytes, std::uint64_t seed);

}  // namespace tune::benchmarks
