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

  /// Changes `parameters` by one step of that learning rate; `gradients` are used up.
  virtual void step(at::Tensor& parameters, at::Tensor& gradients, double rate) = 0;

  /// What it remembers between steps, by name: buffers as long as the parameters, to be saved and restored in place.
  virtual std::vector<std::pair<std::string_view, at::Tensor>> state() = 0;

  /// Steps taken. Set when going on from a checkpoint.
  std::int64_t steps = 0;
};

/// sgd, nag, adam or rmsprop with MXNet's formulas, which SageMaker's image classification uses. `like` gives length, type and
/// device of the buffers; weight decay reaches the first `decayed` values. REQUIRES: hyperparameters.optimizer is one of the
/// table's choices.
std::unique_ptr<Optimizer> make_optimizer(const Hyperparameters& hyperparameters, const at::Tensor& like, std::int64_t decayed);

}  // namespace tune::trainer
