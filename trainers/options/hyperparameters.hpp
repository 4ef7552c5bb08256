#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "trainers/support/fallible.hpp"

namespace tune::trainer {

/// What can be tuned, by the names, meanings and defaults of SageMaker's image classification algorithm. Those that SageMaker
/// does not have come last.
struct Hyperparameters {
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
  std::int64_t num_layers = 18;
  std::string image_shape;  ///< "channels,height,width"; empty: as the data are
  std::int64_t resize = 0;  ///< pixels of the shorter side; 0: as it is
  bool use_pretrained_model = false;
  std::string augmentation_type = "none";
  double lr_scheduler_factor = 0.1;
  std::string lr_scheduler_step;  ///< "10,20": epochs after which the rate is multiplied by the factor
  std::int64_t top_k = 0;         ///< 0: not reported
  std::string precision_dtype = "float32";
  bool multi_label = false;
  bool use_weighted_loss = false;
  std::int64_t checkpoint_frequency = 1;  ///< epochs
  std::string kv_store = "dist_sync";     ///< accepted: there is one process
  bool early_stopping = false;
  std::int64_t early_stopping_min_epochs = 10;
  std::int64_t early_stopping_patience = 5;
  double early_stopping_tolerance = 0;

  std::string model = "auto";  ///< auto: resnet where num_layers or use_pretrained_model is given, else cnn
  double width_multiplier = 1;
  std::string lr_scheduler = "step";
  double warmup_epochs = 0;
  double label_smoothing = 0;
  double mixup_alpha = 0;
  std::int64_t pad = 0;                   ///< pixels
  bool layer_metrics = true;              ///< what health rules look at is measured and printed
  std::string save_tensors;               ///< collections; empty: none are saved
  std::int64_t save_tensors_every = 100;  ///< steps
};

/// One hyperparameter: the one place from which the options, the checks, the help and the checkpoint's fingerprint are made.
struct HyperparameterInfo {
  using Field = std::variant<double Hyperparameters::*, std::int64_t Hyperparameters::*, bool Hyperparameters::*,
                             std::string Hyperparameters::*>;
  /// Of a text that is not one of a few words: what is allowed, and whether it is.
  struct Form {
    std::string_view allowed;
    bool (*fits)(std::string_view text) = nullptr;
  };
  std::string_view name;
  Field field;
  double min = 0;
  double max = 0;
  bool min_is_allowed = true;
  bool max_is_allowed = true;
  std::vector<std::string_view> choices = {};  ///< of a text, unless it has a form
  std::vector<std::int64_t> numbers = {};      ///< of a whole number of which only some are allowed
  Form form = {};
  bool is_budget = false;  ///< how much is trained, not how: may differ between a checkpoint and the run that goes on from it
  std::string_view doc;
};

std::span<const HyperparameterInfo> hyperparameter_table();

/// The table's entry, or null.
const HyperparameterInfo* find_hyperparameter(std::string_view name);

/// A name that belongs to SageMaker's own machinery (its tuner adds `_tuning_objective_metric`): ignored.
bool is_internal_name(std::string_view name);

/// The numbers of a list such as "10,20". Empty for an empty text. What is no whole number is -1.
std::vector<std::int64_t> number_list(std::string_view text);

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
