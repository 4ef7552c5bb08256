#pragma once

#include <ATen/ATen.h>

#include <string>
#include <utility>
#include <vector>

#include "trainers/model/model.hpp"

namespace tune::trainer {

using NamedNumber = std::pair<std::string, double>;

/// What is to be known of one step of training beside its loss: for health rules, and for those who save tensors.
class StepRecord final : public ActivationObserver {
 public:
  /// `keep_outputs`: whether the ReLUs' outputs are kept, not only looked at.
  explicit StepRecord(bool keep_outputs) : keep_outputs_(keep_outputs) {}

  void activation(const std::string& layer, const at::Tensor& output) override;
  /// Gradients are those of the loss, before weight decay.
  void before_step(const FlatParameters& tensors);
  void after_step(const FlatParameters& tensors);

  /// For each group of layers (the first word of its tensors' names): Euclidean norm and mean absolute value of the gradient, the
  /// 95th less the 5th percentile of it, norm of the update over norm of the weights; for each ReLU: percentage of its channels
  /// that are 0 for the whole batch. REQUIRES: after_step() has been called, else there is nothing about updates.
  [[nodiscard]] std::vector<NamedNumber> health() const;

  [[nodiscard]] const std::vector<NamedTensor>& gradients() const { return gradients_; }  ///< on the CPU
  [[nodiscard]] const std::vector<NamedTensor>& outputs() const { return outputs_; }      ///< on the CPU

 private:
  bool keep_outputs_;
  std::vector<NamedNumber> dead_;
  std::vector<NamedTensor> gradients_;
  std::vector<NamedTensor> before_;
  std::vector<NamedTensor> outputs_;
  std::vector<NamedNumber> update_ratios_;
};

}  // namespace tune::trainer
