#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "trainers/options/hyperparameters.hpp"

namespace tune::trainer {

/// Turns gradients into steps, on flat buffers.
class Optimizer {
 public:
  virtual ~Optimizer() = default;

  /// Changes `parameters` by one step.
  virtual void step(at::Tensor& parameters, const at::Tensor& gradients) = 0;

  /// What it remembers between steps, by name: buffers as long as the parameters, to be saved and restored in place.
  virtual std::vector<std::pair<std::string_view, at::Tensor>> state() = 0;

  /// Steps taken. Set when going on from a checkpoint.
  std::int64_t steps = 0;
};

/// sgd, nag, adam or rmsprop with MXNet's formulas, which SageMaker's image classification uses. `like` gives length, type and
/// device of the buffers. REQUIRES: hyperparameters.optimizer is one of the table's choices.
std::unique_ptr<Optimizer> make_optimizer(const Hyperparameters& hyperparameters, const at::Tensor& like);

}  // namespace tune::trainer
