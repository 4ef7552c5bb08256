#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <vector>

namespace tune::trainer {

/// One parameter tensor before it exists.
struct ParameterSpec {
  std::vector<std::int64_t> sizes;
  std::int64_t fan_in = 0;  ///< inputs of a unit; 0: starts at zero (a bias)
};

/// Parameters as views of one float buffer, gradients as views of another.
class FlatParameters {
 public:
  /// Weights are drawn uniformly from +-sqrt(6 / fan_in) (He et al., "Delving deep into rectifiers", ICCV 2015, section 2.2) by a
  /// stream of our own, so that they are the same with every LibTorch and on every device.
  FlatParameters(const std::vector<ParameterSpec>& specs, std::uint64_t seed, at::Device device);

  [[nodiscard]] const at::Tensor& operator[](std::size_t i) const { return views_[i]; }
  at::Tensor& values() { return values_; }
  at::Tensor& gradients() { return gradients_; }

 private:
  at::Tensor values_;
  at::Tensor gradients_;
  std::vector<at::Tensor> views_;
};

}  // namespace tune::trainer
