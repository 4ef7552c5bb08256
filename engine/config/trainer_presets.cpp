#include "engine/config/trainer_presets.hpp"

#include <algorithm>

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
                   epoch_line("train:seconds", "Time cost")},
       // The names are those of trainers/log/metric_names.hpp.
       .rules = {{"ExplodingTensor", "metrics", "train:loss|(gradient|weight)_norm/.*"},
                 {"VanishingGradient", "metrics", "gradient_mean_abs/.*"},
                 {"WeightUpdateRatio", "metrics", "update_ratio/.*"},
                 {"DeadRelu", "metrics", "dead_relu/.*"},
                 {"LossNotDecreasing", "metrics", "train:loss"},
                 {"Overfit", "train", "train:loss"},
                 {"Overfit", "validation", "validation:loss"},
                 {"Overtraining", "train", "train:loss"},
                 {"Overtraining", "validation", "validation:loss"},
                 {"PoorWeightInitialization", "activation_inputs_regex", "activation_input_variance/.*"},
                 {"PoorWeightInitialization", "gradients", "gradient_range/.*"},
                 {"PoorWeightInitialization", "losses", "train:loss"},
                 {"ClassImbalance", "labels_regex", "class_count/.*"},
                 {"ClassImbalance", "predictions_regex", "class_error/.*"},
                 {"AllZero", "metrics", "all_zero/.*"},
                 {"UnchangedTensor", "metrics", "weight_mean_abs/.*"},
                 {"TensorVariance", "metrics", "weight_variance/.*"},
                 {"CheckInputImages", "metrics", "input_mean"}}},
  };
  return kPresets;
}

const RulePattern* TrainerPreset::pattern(std::string_view rule, std::string_view option) const {
  const auto found =
      std::ranges::find_if(rules, [&](const RulePattern& one) { return one.rule == rule && one.option == option; });
  return found == rules.end() ? nullptr : &*found;
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
