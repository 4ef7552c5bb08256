#pragma once

#include <cstdint>
#include <string>
#include <string_view>

/// What the metrics of `@tune` lines and event files are called. docs/trainer-files.md has the patterns by which health rules
/// (docs/health-rules.md) find theirs; those that a rule looks at are measured as it wants them, which "rule" says here.
namespace tune::trainer {

// One value each.
inline constexpr std::string_view kTrainLoss = "train:loss";  ///< mean cross-entropy, nats. Rules: LossNotDecreasing, Overfit
inline constexpr std::string_view kTrainAccuracy = "train:accuracy";  ///< share of images, 0 to 1
inline constexpr std::string_view kTrainTopK = "train:top_k_accuracy";
inline constexpr std::string_view kTrainSeconds = "train:seconds";      ///< of the epoch
inline constexpr std::string_view kValidationLoss = "validation:loss";  ///< rule: Overfit
inline constexpr std::string_view kValidationAccuracy = "validation:accuracy";
inline constexpr std::string_view kValidationTopK = "validation:top_k_accuracy";
inline constexpr std::string_view kLearningRate = "learning_rate";         ///< of the last step
inline constexpr std::string_view kImagesPerSecond = "images_per_second";  ///< trained
inline constexpr std::string_view kDataWaitShare = "data_wait_share";      ///< of the time, 0 to 1, spent on making batches
inline constexpr std::string_view kGpuMemoryBytes = "gpu_memory_bytes";    ///< largest so far, allocated
inline constexpr std::string_view kInputMean = "input_mean";               ///< of the normalised images. Rule: CheckInputImages

// One value a layer or group of layers: of_layer().
inline constexpr std::string_view kGradientNorm = "gradient_norm";  ///< Euclidean. Rule: ExplodingTensor
inline constexpr std::string_view kGradientMeanAbs =
    "gradient_mean_abs";  ///< mean of the absolute values. Rule: VanishingGradient
inline constexpr std::string_view kGradientRange =
    "gradient_range";                                           ///< 95th less 5th percentile. Rule: PoorWeightInitialization
inline constexpr std::string_view kWeightNorm = "weight_norm";  ///< Euclidean. Rule: ExplodingTensor
inline constexpr std::string_view kWeightMeanAbs = "weight_mean_abs";   ///< rule: UnchangedTensor
inline constexpr std::string_view kWeightVariance = "weight_variance";  ///< rule: TensorVariance
inline constexpr std::string_view kUpdateNorm = "update_norm";          ///< of one step's change of the weights
inline constexpr std::string_view kUpdateRatio = "update_ratio";        ///< update_norm / weight_norm. Rule: WeightUpdateRatio
inline constexpr std::string_view kAllZero = "all_zero";                ///< of the gradient's values, 0 to 100. Rule: AllZero
inline constexpr std::string_view kDeadRelu = "dead_relu";  ///< channels that no image activates, 0 to 100. Rule: DeadRelu
inline constexpr std::string_view kActivationInputVariance = "activation_input_variance";  ///< rule: PoorWeightInitialization

// One value a class: of_class().
inline constexpr std::string_view kClassCount = "class_count";  ///< training images seen so far. Rule: ClassImbalance
inline constexpr std::string_view kClassError =
    "class_error";  ///< share of validation images mistaken, 0 to 1. Rule: ClassImbalance

/// "gradient_norm/layer1".
inline std::string of_layer(std::string_view metric, std::string_view layer) {
  return std::string(metric) + "/" + std::string(layer);
}

/// "class_error/7".
inline std::string of_class(std::string_view metric, std::int64_t label) { return of_layer(metric, std::to_string(label)); }

}  // namespace tune::trainer
