#include "engine/config/trainer_presets.hpp"

namespace tune::engine {

namespace {

/// SageMaker's image classification prints one line a value, counting epochs from 0:
/// `[09/14/2020 05:39:02 INFO 139869866030912] Epoch[0] Validation-accuracy=0.729492`.
MetricDefinition epoch_line(std::string name, const std::string& label) {
  return {.name = std::move(name),
          .regex = "Epoch\\[\\d+\\] " + label + "=([-+]?(?:\\d+\\.?\\d*|\\.\\d+)(?:[eE][-+]?\\d+)?|[-+]?(?:nan|inf))",
          .step = "Epoch\\[(\\d+)\\]",
          .step_offset = 1};
}

}  // namespace

const std::vector<TrainerPreset>& trainer_presets() {
  static const std::vector<TrainerPreset> kPresets{
      {.name = "image_classification",
       .program = "tune-train-image",
       .metrics = {epoch_line("validation:accuracy", "Validation-accuracy"), epoch_line("validation:loss", "Validation-loss"),
                   epoch_line("train:accuracy", "Train-accuracy"), epoch_line("train:loss", "Train-loss"),
                   epoch_line("train:seconds", "Time cost")}},
  };
  return kPresets;
}

const TrainerPreset* find_trainer(std::string_view name) {
  for (const TrainerPreset& preset : trainer_presets()) {
    if (preset.name == name) return &preset;
  }
  return nullptr;
}

std::vector<std::string> trainer_names() {
  std::vector<std::string> names;
  for (const TrainerPreset& preset : trainer_presets()) names.push_back(preset.name);
  return names;
}

}  // namespace tune::engine
