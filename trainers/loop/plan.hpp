#pragma once

#include <string>
#include <vector>

#include "trainers/augment/augmentation.hpp"
#include "trainers/data/image_set.hpp"
#include "trainers/model/model.hpp"
#include "trainers/options/settings.hpp"
#include "trainers/support/fallible.hpp"

namespace tune::trainer {

/// What is trained, on what, and how images become its input: all that a model's file must say of it.
struct Plan {
  ModelSpec model;
  AugmentSettings augment;
  Placement placement;
  std::int64_t resize = 0;  ///< pixels of an image's shorter side before it is cropped; 0: as it is
  bool multi_label = false;
  std::vector<std::string> class_names;  ///< empty: they have none
};

/// Follows from hyperparameters and data. Fails when they do not go together.
Fallible<Plan> make_plan(const Settings& settings, const ImageData& data, at::Device device);

}  // namespace tune::trainer
