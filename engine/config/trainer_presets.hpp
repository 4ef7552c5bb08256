#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tune/metric_definition.hpp"

namespace tune::engine {

/// A trainer that a config can name instead of a command.
struct TrainerPreset {
  std::string name;
  std::string program;  ///< beside the `tune` binary; takes its hyperparameters from TUNE_PARAMS
  std::vector<MetricDefinition> metrics;
};

const std::vector<TrainerPreset>& trainer_presets();
/// Null when there is none of that name.
const TrainerPreset* find_trainer(std::string_view name);
std::vector<std::string> trainer_names();

}  // namespace tune::engine
