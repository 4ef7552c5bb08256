#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "trainers/support/fallible.hpp"

namespace tune::trainer {

/// What can be tuned, by the names, meanings and defaults of SageMaker's image classification algorithm.
struct Hyperparameters {
  std::string model = "cnn";
  std::string optimizer = "sgd";
  double learning_rate = 0.1;
  std::int64_t mini_batch_size = 32;
  double momentum = 0.9;
  double weight_decay = 1e-4;
  double beta_1 = 0.9;
  double beta_2 = 0.999;
  double eps = 1e-8;
  double gamma = 0.9;
  std::int64_t epochs = 30;
  std::int64_t num_training_samples = 0;  ///< 0: all there are
  std::int64_t num_classes = 0;           ///< 0: as many as the data have
  std::string image_shape;                ///< "channels,height,width"; empty: as the data are
  std::int64_t resize = 0;                ///< pixels of the shorter side; 0: as it is
  std::int64_t multi_label = 0;           ///< 1: an image has a 0 or 1 for each class
};

/// One hyperparameter: the one place from which the options, the checks, the help and the checkpoint's fingerprint are made.
struct HyperparameterInfo {
  using Field = std::variant<double Hyperparameters::*, std::int64_t Hyperparameters::*, std::string Hyperparameters::*>;
  std::string_view name;
  Field field;
  double min = 0;
  double max = 0;
  bool min_is_allowed = true;
  bool max_is_allowed = true;
  std::vector<std::string_view> choices = {};  ///< of a text; none: `is_valid` decides
  bool (*is_valid)(std::string_view) = nullptr;
  std::string_view valid_texts = {};  ///< what is_valid takes, in words
  bool is_budget = false;  ///< how much is trained, not how: may differ between a checkpoint and the run that goes on from it
  std::string_view doc;
};

std::span<const HyperparameterInfo> hyperparameter_table();

/// The table's entry, or null.
const HyperparameterInfo* find_hyperparameter(std::string_view name);

/// A name of SageMaker's image classification algorithm that our models have no use for; such values are noted, not refused.
bool is_unused_sagemaker_name(std::string_view name);

/// What is allowed, in words: "a number > 0", "a whole number from 1 to 65536", "sgd, adam, rmsprop or nag".
std::string allowed_text(const HyperparameterInfo& info);

/// Sets one from its text. The failure names `source` (where the text came from), what was given and what is allowed.
Outcome set_hyperparameter(Hyperparameters& target, const HyperparameterInfo& info, std::string_view text,
                           std::string_view source);

/// The value as text that reads back exactly.
std::string hyperparameter_text(const Hyperparameters& from, const HyperparameterInfo& info);

/// The candidate with the fewest edits from `name`, or empty when none is near (more than a third of it would change).
std::string nearest_name(std::string_view name, std::span<const std::string_view> candidates);

}  // namespace tune::trainer
