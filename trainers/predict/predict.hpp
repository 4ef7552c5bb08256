#pragma once

#include <string>
#include <vector>

#include "trainers/support/fallible.hpp"

namespace tune::trainer {

/// What `tune-train-image predict MODEL IMAGE...` was asked for.
struct PredictRequest {
  std::string model;                ///< best.safetensors of a run
  std::vector<std::string> images;  ///< JPEG or PNG files
  std::int64_t top = 5;             ///< classes shown
  bool json = false;
  std::string device = "auto";
  bool help = false;
};

/// From the words after `predict`.
Fallible<PredictRequest> read_predict_arguments(const std::vector<std::string>& words);

std::string predict_help();

struct Predictions {
  std::string text;
  std::vector<Failure> unreadable;  ///< images of which nothing could be made, with their names
};

/// What the model makes of each image, prepared as validation images were: a text for people, or with `json` one object a line
/// with "image", "top" (class, name where classes have names, probability; likeliest first) and "scores" (of all classes, as the
/// network gives them); of an image that cannot be read "image" and "error". With multi_label probabilities are each class's
/// own. Fails where the device or the model cannot be had.
Fallible<Predictions> predict(const PredictRequest& request);

}  // namespace tune::trainer
