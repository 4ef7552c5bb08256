#pragma once

#include <ATen/ATen.h>

#include <cstdint>

#include "trainers/loop/loss.hpp"
#include "trainers/loop/step_record.hpp"
#include "trainers/model/model.hpp"
#include "trainers/optimizer/optimizer.hpp"
#include "trainers/options/settings.hpp"

namespace tune::trainer {

/// The factor by which the loss is multiplied before its gradients are taken in half precision, whose smallest numbers they would
/// fall below (Micikevicius et al., "Mixed precision training", ICLR 2018, section 3.2; the constants are PyTorch's
/// GradScaler's). A step with an infinite gradient is left out and halves it; kPatience steps without one double it.
struct LossScale {
  static constexpr double kFirst = 65536;
  static constexpr std::int64_t kPatience = 2000;  // steps

  double factor = 1;
  std::int64_t good_steps = 0;  ///< since it last changed
};

/// One step of training, from a batch to changed parameters.
class TrainingStep {
 public:
  TrainingStep(Model& model, Optimizer& optimizer, const Loss& loss, const Settings& settings);

  struct Result {
    at::Tensor loss;    ///< mean over the batch, not scaled
    at::Tensor scores;  ///< images x classes
    at::Tensor labels;  ///< what the scores are to be counted against
  };
  /// `number` counts steps from 0 over all epochs: it keys what is random. `record`: null, or what is to see this step.
  Result run(const at::Tensor& images, const at::Tensor& labels, std::int64_t number, double rate, StepRecord* record);

  /// Part of the state of a run.
  LossScale scale;

 private:
  /// Whether the gradients, made those of the unscaled loss, can be used.
  bool unscale();

  Model& model_;
  Optimizer& optimizer_;
  const Loss& loss_;
  const Settings& settings_;
};

}  // namespace tune::trainer
