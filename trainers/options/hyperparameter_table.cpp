#include <array>
#include <cmath>

#include "trainers/data/image_shape.hpp"
#include "trainers/log/tensor_series.hpp"
#include "trainers/options/hyperparameters.hpp"

/// Every hyperparameter there is.
namespace tune::trainer {
namespace {

using H = Hyperparameters;
using Info = HyperparameterInfo;

constexpr double kLargest = 1e30;         // a float can be no larger than 3e38
constexpr double kSmallestEps = 1e-30;    // nor smaller, above zero, than 1e-38
constexpr double kMaxBatch = 65536;       // images
constexpr double kMaxEpochs = 1'000'000;  // epochs
constexpr double kMaxSamples = 1e9;       // images
constexpr double kMaxClasses = 100'000;
constexpr double kMaxSide = 4096;  // pixels
constexpr double kMaxPad = 64;     // pixels
constexpr double kMinWidth = 1.0 / 64;
constexpr double kMaxWidth = 8;

bool fits_image_shape(std::string_view text) { return text.empty() || parse_image_shape(text).has_value(); }

bool fits_steps(std::string_view text) {
  std::int64_t before = 0;
  for (const std::int64_t epoch : number_list(text)) {
    if (epoch <= before) return false;
    before = epoch;
  }
  return true;
}

bool fits_collections(std::string_view text) { return text.empty() || parse_collections(text).ok(); }

Info number(std::string_view name, double H::*field, std::string_view doc) {
  return {.name = name, .field = field, .max = kLargest, .doc = doc};
}
Info positive(std::string_view name, double H::*field, std::string_view doc) {
  Info info = number(name, field, doc);
  info.min_is_allowed = false;
  return info;
}
Info share(std::string_view name, double H::*field, bool one_is_allowed, std::string_view doc) {
  return {.name = name, .field = field, .max = 1, .max_is_allowed = one_is_allowed, .doc = doc};
}
Info whole(std::string_view name, std::int64_t H::*field, double min, double max, std::string_view doc) {
  return {.name = name, .field = field, .min = min, .max = max, .doc = doc};
}
Info flag(std::string_view name, bool H::*field, std::string_view doc) { return {.name = name, .field = field, .doc = doc}; }
Info one_of(std::string_view name, std::string H::*field, std::vector<std::string_view> choices, std::string_view doc) {
  return {.name = name, .field = field, .choices = std::move(choices), .doc = doc};
}
Info budget(Info info) {
  info.is_budget = true;
  return info;
}

const std::array kTable = {
    positive("learning_rate", &H::learning_rate, "step size; the cnn with sgd likes 0.01 to 0.03"),
    whole("mini_batch_size", &H::mini_batch_size, 1, kMaxBatch, "images per step; the last batch of an epoch may be smaller"),
    one_of("optimizer", &H::optimizer, {"sgd", "adam", "rmsprop", "nag"}, "rule that turns gradients into steps"),
    share("momentum", &H::momentum, true, "of sgd and nag"),
    number("weight_decay", &H::weight_decay, "of sgd and nag: L2 coefficient of all but biases"),
    share("beta_1", &H::beta_1, false, "of adam: decay of the mean gradient"),
    share("beta_2", &H::beta_2, false, "of adam: decay of the mean squared gradient"),
    Info{.name = "eps",
         .field = &H::eps,
         .min = kSmallestEps,
         .max = kLargest,
         .doc = "of adam and rmsprop: keeps the divisor from zero"},
    share("gamma", &H::gamma, false, "of rmsprop: decay of the mean squared gradient"),
    budget(whole("epochs", &H::epochs, 1, kMaxEpochs, "passes over the training images")),
    whole("num_training_samples", &H::num_training_samples, 0, kMaxSamples,
          "training images used, the first of the data; 0: all"),
    whole("num_classes", &H::num_classes, 0, kMaxClasses, "labels are 0 to num_classes - 1; 0: as many as the data have"),
    Info{.name = "num_layers",
         .field = &H::num_layers,
         .numbers = {18, 34, 50, 101, 152, 20, 32, 44, 56, 110},
         .doc = "of resnet; 20 to 110 of 6n+2: for images of up to 32 pixels"},
    Info{.name = "image_shape",
         .field = &H::image_shape,
         .form = {"channels (1 or 3), height and width (4 to 4096), as in 3,224,224", fits_image_shape},
         .doc = "what the network is given; left out: as the images are, or 224 x 224 where they differ in size"},
    whole("resize", &H::resize, 0, kMaxSide, "pixels of an image's shorter side before it is cropped; 0: as it is"),
    flag("use_pretrained_model", &H::use_pretrained_model, "begin with the weights of --pretrained FILE; the last layer is new"),
    one_of("augmentation_type", &H::augmentation_type, {"none", "crop", "crop_color", "crop_color_transform"},
           "how training images are varied"),
    share("lr_scheduler_factor", &H::lr_scheduler_factor, true, "of lr_scheduler step"),
    Info{.name = "lr_scheduler_step",
         .field = &H::lr_scheduler_step,
         .form = {"growing epochs from 1, as 10,20", fits_steps},
         .doc = "epochs after which the learning rate is multiplied by lr_scheduler_factor"},
    whole("top_k", &H::top_k, 0, kMaxClasses,
          "above 1: the share of images whose class is among the k likeliest is reported too"),
    one_of("precision_dtype", &H::precision_dtype, {"float32", "float16", "bfloat16"}, "of activations and matrix products"),
    flag("multi_label", &H::multi_label, "an image may belong to several classes, or none"),
    flag("use_weighted_loss", &H::use_weighted_loss, "of multi_label: a class counts the more the rarer it is"),
    budget(whole("checkpoint_frequency", &H::checkpoint_frequency, 1, kMaxEpochs, "epochs between checkpoints")),
    budget(one_of("kv_store", &H::kv_store, {"dist_sync", "dist_async"}, "accepted, without effect: there is one process")),
    budget(flag("early_stopping", &H::early_stopping, "end when validation accuracy no longer rises")),
    budget(whole("early_stopping_min_epochs", &H::early_stopping_min_epochs, 1, kMaxEpochs, "it does not end before these")),
    budget(whole("early_stopping_patience", &H::early_stopping_patience, 1, kMaxEpochs,
                 "epochs in a row without improvement that end it")),
    budget(number("early_stopping_tolerance", &H::early_stopping_tolerance,
                  "improvement is more than this share of the best so far")),
    one_of("model", &H::model, {"auto", "cnn", "resnet"},
           "network; auto: resnet when num_layers or use_pretrained_model is given, else cnn"),
    Info{.name = "width_multiplier",
         .field = &H::width_multiplier,
         .min = kMinWidth,
         .max = kMaxWidth,
         .doc = "of resnet: scales the channels; 0.125 begins with 8 instead of 64"},
    one_of("lr_scheduler", &H::lr_scheduler, {"step", "cosine", "one_cycle"}, "how the learning rate changes over the epochs"),
    number("warmup_epochs", &H::warmup_epochs, "the learning rate grows linearly over these; not of one_cycle"),
    share("label_smoothing", &H::label_smoothing, false, "share of a label that is spread over all classes"),
    share("mixup_alpha", &H::mixup_alpha, true, "above 0: batches are blended with themselves by Beta(alpha, alpha)"),
    whole("pad", &H::pad, 0, kMaxPad, "of augmentation: pixels added on each side before the crop"),
    budget(flag("layer_metrics", &H::layer_metrics, "print norms, dead ReLUs and errors by layer and class once an epoch")),
    budget(Info{.name = "save_tensors",
                .field = &H::save_tensors,
                .form = {"weights, gradients, biases, losses or relu_outputs, or several with commas between", fits_collections},
                .doc = "what is written into the checkpoint directory's tensors/ while it trains; left out: nothing"}),
    budget(whole("save_tensors_every", &H::save_tensors_every, 1, kMaxSamples, "steps from one such writing to the next")),
};

}  // namespace

std::span<const HyperparameterInfo> hyperparameter_table() { return kTable; }

}  // namespace tune::trainer
