#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace tune::trainer {

/// A tensor under the name that PyTorch's `state_dict` would give it.
using NamedTensor = std::pair<std::string, at::Tensor>;

/// What a tensor of a network is for; decides how it begins, whether weight decay reaches it and in which precision it is used.
enum class Role {
  kWeight,   ///< of a convolution or matrix product: random, decayed, may be used in 16 bits
  kScale,    ///< of a normalisation: one, decayed (MXNet's wd_mult: names that end in _weight or _gamma), always 32 bits
  kBias,     ///< zero, not decayed, always 32 bits
  kMean,     ///< running mean: zero, no parameter
  kVariance  ///< running variance: one, no parameter
};

/// One tensor before it exists.
struct TensorSpec {
  std::string name;
  std::vector<std::int64_t> sizes;
  Role role = Role::kWeight;
  std::int64_t fan_in = 0;  ///< of a weight: inputs of a unit
};

/// Where and how a network computes.
struct Placement {
  at::Device device = at::kCPU;
  /// kFloat; kHalf or kBFloat16: of activations and of the weights of matrix products, beside float buffers; or kDouble, buffers
  /// included, where slopes are checked.
  at::ScalarType compute = at::kFloat;
  bool channels_last = false;  ///< layout of convolutions' weights and of images

  [[nodiscard]] bool is_half() const { return compute == at::kHalf || compute == at::kBFloat16; }
  /// Of buffers, scores and losses.
  [[nodiscard]] at::ScalarType full() const { return compute == at::kDouble ? at::kDouble : at::kFloat; }
};

/// All parameters of a network as views of one float buffer, their gradients as views of another, and its running statistics as
/// views of a third: an optimizer is a handful of operations on two tensors, a checkpoint a few blocks. Weights come first, then
/// scales, then biases, so that what is decayed, and what has a copy in 16 bits, is the beginning of the buffer.
class FlatParameters {
 public:
  /// Weights are drawn uniformly from +-sqrt(6 / fan_in) (He et al., "Delving deep into rectifiers", ICCV 2015, section 2.2) by a
  /// stream of our own, so that they are the same with every LibTorch and on every device.
  FlatParameters(const std::vector<TensorSpec>& specs, std::uint64_t seed, const Placement& placement);

  /// The tensor of that index of the specs, as it is to be used: a weight in the compute type.
  [[nodiscard]] const at::Tensor& operator[](std::size_t i) const { return used_[i]; }

  [[nodiscard]] const Placement& placement() const { return placement_; }
  at::Tensor& values() { return values_; }
  /// Complete after collect_gradients().
  at::Tensor& gradients() { return gradients_; }
  at::Tensor& statistics() { return statistics_; }
  /// How many of the values weight decay reaches: the first ones.
  [[nodiscard]] std::int64_t decayed() const { return decayed_; }

  /// Sets all gradients to zero; to be called before `backward`.
  void zero_gradients();
  /// Brings 16-bit gradients into the float buffer; to be called after `backward`.
  void collect_gradients();
  /// Brings changed values into the 16-bit copy; to be called after each change of values().
  void values_changed();

  /// A buffer as long as values(), in the order of the specs and with contiguous tensors, whatever the placement; and back. For
  /// files.
  [[nodiscard]] at::Tensor to_plain(const at::Tensor& buffer) const;
  void from_plain(const at::Tensor& plain, at::Tensor& buffer) const;

  /// Every tensor in float, parameters first: views, in the order of the specs.
  [[nodiscard]] std::vector<NamedTensor> named_tensors() const;
  /// The parameters alone, and their gradients.
  [[nodiscard]] std::vector<NamedTensor> named_parameters() const;
  [[nodiscard]] std::vector<NamedTensor> named_gradients() const;

 private:
  [[nodiscard]] at::Tensor view(const at::Tensor& buffer, std::size_t i) const;
  [[nodiscard]] bool is_parameter(std::size_t i) const;

  std::vector<TensorSpec> specs_;
  std::vector<std::int64_t> offsets_;  ///< in values_ or statistics_
  std::int64_t weights_ = 0;           ///< elements of weights, which come first
  std::int64_t decayed_ = 0;
  Placement placement_;
  at::Tensor values_, gradients_, statistics_;
  at::Tensor half_values_, half_gradients_;  ///< of the weights; undefined when computing in float
  std::vector<at::Tensor> used_;
};

}  // namespace tune::trainer
