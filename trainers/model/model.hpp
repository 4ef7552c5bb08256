#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <memory>
#include <string>

#include "trainers/data/image_set.hpp"

namespace tune::trainer {

/// A network whose parameters are views of one flat buffer, and their gradients of another: an optimizer is a handful of
/// operations on two tensors, and a checkpoint one block.
class Model {
 public:
  virtual ~Model() = default;

  /// Images (N x channels x height x width, normalised floats) to scores (N x classes).
  virtual at::Tensor forward(const at::Tensor& images) = 0;
  virtual at::Tensor& parameters() = 0;
  /// Where `backward` adds up; to be zeroed before it.
  virtual at::Tensor& gradients() = 0;
};

/// The network of that name (Hyperparameters::model) on `device`. The first weights depend on `seed` only, not on the device.
/// REQUIRES: `name` is one of the table's choices.
std::unique_ptr<Model> make_model(const std::string& name, ImageShape shape, std::int64_t classes, std::uint64_t seed,
                                  at::Device device);

}  // namespace tune::trainer
