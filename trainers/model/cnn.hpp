#pragma once

#include "trainers/model/flat_parameters.hpp"
#include "trainers/model/model.hpp"

namespace tune::trainer {

/// Two convolutions (3 x 3; 16 and 32 channels), each with ReLU and 2 x 2 max pooling, then two fully connected layers (64 units
/// between): small enough for a CPU core, for small images.
class Cnn final : public Model {
 public:
  Cnn(ImageShape shape, std::int64_t classes, std::uint64_t seed, at::Device device);

  at::Tensor forward(const at::Tensor& images) override;
  at::Tensor& parameters() override { return parameters_.values(); }
  at::Tensor& gradients() override { return parameters_.gradients(); }

 private:
  FlatParameters parameters_;
};

}  // namespace tune::trainer
