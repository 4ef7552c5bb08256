#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "trainers/data/image_set.hpp"
#include "trainers/model/flat_parameters.hpp"
#include "trainers/support/fallible.hpp"

namespace tune::trainer {

/// Somebody who wants to see what goes into every ReLU and what comes out: N x channels x ... values. `relu` is its name below
/// the network, as "layer1.0.relu1".
class ActivationObserver {
 public:
  virtual ~ActivationObserver() = default;
  virtual void before_relu(const std::string& relu, const at::Tensor& input) = 0;
  virtual void after_relu(const std::string& relu, const at::Tensor& output) = 0;
};

/// A network. Its tensors have the names of a PyTorch module of the same layout, and load into one.
class Model {
 public:
  explicit Model(FlatParameters tensors) : tensors_(std::move(tensors)) {}
  virtual ~Model() = default;
  Model(const Model&) = delete;
  Model& operator=(const Model&) = delete;

  /// Images (N x channels x height x width, normalised, of the compute type) to scores (N x classes, float). In training,
  /// normalisations use the batch and move their running statistics.
  virtual at::Tensor forward(const at::Tensor& images, bool training) = 0;

  FlatParameters& tensors() { return tensors_; }
  /// Null: nobody. Not kept alive.
  void observe(ActivationObserver* observer) { observer_ = observer; }

 protected:
  /// In place.
  at::Tensor relu(const std::string& name, at::Tensor input) const {
    if (observer_ != nullptr) observer_->before_relu(name, input);
    at::Tensor output = input.relu_();
    if (observer_ != nullptr) observer_->after_relu(name, output);
    return output;
  }

 private:
  FlatParameters tensors_;
  ActivationObserver* observer_ = nullptr;
};

/// What a network is made from.
struct ModelSpec {
  std::string name;  ///< cnn or resnet
  std::int64_t num_layers = 18;
  double width_multiplier = 1;
  ImageShape shape;
  std::int64_t classes = 0;
};

/// Why such a network cannot be, or nothing: a ResNet of 20, 32, 44, 56 or 110 layers is for images of up to 32 pixels.
Outcome check_model(const ModelSpec& spec);

/// Its tensors, without making them. REQUIRES: as make_model().
std::vector<TensorSpec> tensor_specs(const ModelSpec& spec);

/// The network. Its first weights depend on `seed` only, not on the placement. REQUIRES: check_model() finds nothing.
std::unique_ptr<Model> make_model(const ModelSpec& spec, std::uint64_t seed, const Placement& placement);

}  // namespace tune::trainer
