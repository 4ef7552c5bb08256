#pragma once

#include <ATen/ATen.h>

#include <string>
#include <utility>
#include <vector>

#include "trainers/log/training_log.hpp"
#include "trainers/model/model.hpp"

namespace tune::trainer {

/// What is to be known of one step of training beside its loss: for health rules, and for those who save tensors. A layer is the
/// first word of its tensors' names: conv1, layer3, fc.
class StepRecord final : public ActivationObserver {
 public:
  /// `keep_outputs`: whether the ReLUs' outputs are kept, not only looked at.
  explicit StepRecord(bool keep_outputs) : keep_outputs_(keep_outputs) {}

  void before_relu(const std::string& relu, const at::Tensor& input) override;
  void after_relu(const std::string& relu, const at::Tensor& output) override;
  /// Gradients are those of the loss, before weight decay.
  void before_step(const FlatParameters& tensors);
  void after_step(const FlatParameters& tensors);

  /// All metrics of log/metric_names.hpp that one step tells, for each layer and each ReLU. Empty when the step was not taken.
  [[nodiscard]] Metrics health() const;

  /// On the CPU; not of later steps.
  [[nodiscard]] const std::vector<NamedTensor>& gradients() const { return gradients_; }
  [[nodiscard]] const std::vector<NamedTensor>& weights() const { return after_; }
  [[nodiscard]] const std::vector<NamedTensor>& relu_outputs() const { return outputs_; }

 private:
  bool keep_outputs_;
  Metrics activations_;
  std::vector<NamedTensor> gradients_;
  std::vector<NamedTensor> before_;
  std::vector<NamedTensor> after_;
  std::vector<NamedTensor> outputs_;
};

}  // namespace tune::trainer
