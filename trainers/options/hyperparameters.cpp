#include "trainers/options/hyperparameters.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "trainers/data/image_shape.hpp"
#include "trainers/support/numbers.hpp"
#include "tune/report.hpp"

namespace tune::trainer {
namespace {

using H = Hyperparameters;

constexpr double kUnbounded = HUGE_VAL;
constexpr double kMaxBatch = 65536;       // images
constexpr double kMaxEpochs = 1'000'000;  // epochs
constexpr double kMaxSamples = 1e9;       // images
constexpr double kMaxClasses = 100'000;
constexpr double kMaxSide = 4096;  // pixels

bool is_image_shape(std::string_view text) { return text.empty() || parse_image_shape(text); }

const std::array kTable = {
    HyperparameterInfo{.name = "learning_rate",
                       .field = &H::learning_rate,
                       .max = kUnbounded,
                       .min_is_allowed = false,
                       .max_is_allowed = false,
                       .doc = "step size; the cnn with sgd likes 0.01 to 0.03"},
    HyperparameterInfo{.name = "mini_batch_size",
                       .field = &H::mini_batch_size,
                       .min = 1,
                       .max = kMaxBatch,
                       .doc = "images per step; the last batch of an epoch may be smaller"},
    HyperparameterInfo{.name = "optimizer",
                       .field = &H::optimizer,
                       .choices = {"sgd", "adam", "rmsprop", "nag"},
                       .doc = "rule that turns gradients into steps"},
    HyperparameterInfo{.name = "momentum", .field = &H::momentum, .max = 1, .doc = "of sgd and nag"},
    HyperparameterInfo{.name = "weight_decay",
                       .field = &H::weight_decay,
                       .max = kUnbounded,
                       .max_is_allowed = false,
                       .doc = "of sgd and nag: L2 coefficient"},
    HyperparameterInfo{
        .name = "beta_1", .field = &H::beta_1, .max = 1, .max_is_allowed = false, .doc = "of adam: decay of the mean gradient"},
    HyperparameterInfo{.name = "beta_2",
                       .field = &H::beta_2,
                       .max = 1,
                       .max_is_allowed = false,
                       .doc = "of adam: decay of the mean squared gradient"},
    HyperparameterInfo{.name = "eps",
                       .field = &H::eps,
                       .max = kUnbounded,
                       .min_is_allowed = false,
                       .max_is_allowed = false,
                       .doc = "of adam and rmsprop: keeps the divisor from zero"},
    HyperparameterInfo{.name = "gamma",
                       .field = &H::gamma,
                       .max = 1,
                       .max_is_allowed = false,
                       .doc = "of rmsprop: decay of the mean squared gradient"},
    HyperparameterInfo{.name = "epochs",
                       .field = &H::epochs,
                       .min = 1,
                       .max = kMaxEpochs,
                       .is_budget = true,
                       .doc = "passes over the training images"},
    HyperparameterInfo{.name = "num_training_samples",
                       .field = &H::num_training_samples,
                       .min = 0,
                       .max = kMaxSamples,
                       .doc = "training images used, the first of the data; 0: all"},
    HyperparameterInfo{.name = "num_classes",
                       .field = &H::num_classes,
                       .max = kMaxClasses,
                       .doc = "labels are 0 to num_classes - 1; 0: as many as the data have"},
    HyperparameterInfo{.name = "image_shape",
                       .field = &H::image_shape,
                       .is_valid = is_image_shape,
                       .valid_texts = "channels (1 or 3), height and width (4 to 4096), as in 3,224,224",
                       .doc = "what the network is given; left out: as the images are, or 224 x 224 where they differ in size"},
    HyperparameterInfo{.name = "resize",
                       .field = &H::resize,
                       .max = kMaxSide,
                       .doc = "pixels of an image's shorter side before it is cropped; 0: as it is"},
    HyperparameterInfo{.name = "multi_label",
                       .field = &H::multi_label,
                       .max = 1,
                       .doc = "1: an image has a 0 or 1 for each class in place of one class"},
    HyperparameterInfo{.name = "model", .field = &H::model, .choices = {"cnn"}, .doc = "network"},
};

constexpr std::array<std::string_view, 16> kUnused = {"num_layers",
                                                      "use_pretrained_model",
                                                      "augmentation_type",
                                                      "augment_type",
                                                      "lr_scheduler_factor",
                                                      "lr_scheduler_step",
                                                      "top_k",
                                                      "precision_dtype",
                                                      "checkpoint_frequency",
                                                      "kv_store",
                                                      "use_weighted_loss",
                                                      "early_stopping",
                                                      "early_stopping_min_epochs",
                                                      "early_stopping_patience",
                                                      "early_stopping_tolerance",
                                                      "class_weights"};

std::string bounds_text(const HyperparameterInfo& info) {
  const std::string low = (info.min_is_allowed ? ">= " : "> ") + plain_text(info.min);
  if (info.max == kUnbounded) return low;
  return low + " and " + (info.max_is_allowed ? "<= " : "< ") + plain_text(info.max);
}

bool within(const HyperparameterInfo& info, double number) {
  const bool above = info.min_is_allowed ? number >= info.min : number > info.min;
  const bool below = info.max_is_allowed ? number <= info.max : number < info.max;
  return above && below;
}

std::size_t edits(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row.back();
}

}  // namespace

std::span<const HyperparameterInfo> hyperparameter_table() { return kTable; }

const HyperparameterInfo* find_hyperparameter(std::string_view name) {
  const auto found = std::find_if(kTable.begin(), kTable.end(), [&](const auto& info) { return info.name == name; });
  return found == kTable.end() ? nullptr : &*found;
}

bool is_unused_sagemaker_name(std::string_view name) {
  // SageMaker's tuner adds a hyperparameter of its own, `_tuning_objective_metric`.
  return name.starts_with('_') || std::find(kUnused.begin(), kUnused.end(), name) != kUnused.end();
}

std::string allowed_text(const HyperparameterInfo& info) {
  if (std::holds_alternative<double H::*>(info.field)) return "a number " + bounds_text(info);
  if (std::holds_alternative<std::int64_t H::*>(info.field)) return "a whole number " + bounds_text(info);
  if (info.is_valid != nullptr) return std::string(info.valid_texts);
  std::string text;
  for (std::size_t i = 0; i < info.choices.size(); ++i) {
    if (i > 0) text += i + 1 == info.choices.size() ? " or " : ", ";
    text += info.choices[i];
  }
  return text;
}

Outcome set_hyperparameter(Hyperparameters& target, const HyperparameterInfo& info, std::string_view text,
                           std::string_view source) {
  const Failure refused{std::string(source) + ": " + std::string(info.name) + " is '" + std::string(text) +
                        "'; allowed: " + allowed_text(info)};
  if (const auto* words = std::get_if<std::string H::*>(&info.field)) {
    const bool valid = info.is_valid != nullptr ? info.is_valid(text)
                                                : std::find(info.choices.begin(), info.choices.end(), text) != info.choices.end();
    if (!valid) return refused;
    target.*(*words) = text;
    return {};
  }
  const auto number = parse_number<double>(text);
  if (!number || !std::isfinite(*number) || !within(info, *number)) return refused;
  if (const auto* whole = std::get_if<std::int64_t H::*>(&info.field)) {
    if (*number != std::floor(*number)) return refused;
    target.*(*whole) = static_cast<std::int64_t>(*number);
  } else {
    target.*std::get<double H::*>(info.field) = *number;
  }
  return {};
}

std::string hyperparameter_text(const Hyperparameters& from, const HyperparameterInfo& info) {
  if (const auto* words = std::get_if<std::string H::*>(&info.field)) return from.*(*words);
  if (const auto* whole = std::get_if<std::int64_t H::*>(&info.field)) return std::to_string(from.*(*whole));
  return to_text(from.*std::get<double H::*>(info.field));
}

std::string nearest_name(std::string_view name, std::span<const std::string_view> candidates) {
  std::string_view best;
  std::size_t fewest = std::max<std::size_t>(1, name.size() / 3) + 1;
  for (const std::string_view candidate : candidates) {
    const std::size_t count = edits(name, candidate);
    if (count < fewest) {
      fewest = count;
      best = candidate;
    }
  }
  return std::string(best);
}

}  // namespace tune::trainer
