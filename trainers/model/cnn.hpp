#pragma once

#include "trainers/model/model.hpp"

namespace tune::trainer {

/// Of a Cnn.
std::vector<TensorSpec> cnn_tensors(const ModelSpec& spec);

/// Two convolutions (3 x 3; 16 and 32 channels), each with ReLU and 2 x 2 max pooling, then two fully connected layers (64 units
/// between): small enough for a CPU core, for small images.
class Cnn final : public Model {
 public:
  Cnn(const ModelSpec& spec, std::uint64_t seed, const Placement& placement);

  at::Tensor forward(const at::Tensor& images, bool training) override;
};

}  // namespace tune::trainer
