#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tune/metric_definition.hpp"

namespace tune::engine {

/// What an option of a health rule looks at where the config does not say.
struct RulePattern {
  std::string rule;
  std::string option;
  std::string pattern;
};

/// A trainer that a config can name instead of a command.
struct TrainerPreset {
  std::string name;
  std::string program;  ///< beside the `tune` binary; takes its hyperparameters from TUNE_PARAMS
  std::vector<MetricDefinition> metrics;
  std::vector<RulePattern> rules;  ///< of the `@tune` lines that it prints

  /// Null when there is none.
  [[nodiscard]] const RulePattern* pattern(std::string_view rule, std::string_view option) const;
};

const std::vector<TrainerPreset>& trainer_presets();
/// Null when there is none of that name.
const TrainerPreset* find_trainer(std::string_view name);
std::vector<std::string> trainer_names();

}  // namespace tune::engine
