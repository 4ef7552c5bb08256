#include "trainers/loop/step_record.hpp"

#include <c10/core/GradMode.h>

#include <algorithm>
#include <cmath>

#include "trainers/log/metric_names.hpp"

namespace tune::trainer {
namespace {

constexpr std::int64_t kMostForPercentiles = 1'000'000;  // values; of more, evenly spaced ones are looked at
constexpr double kLow = 0.05;
constexpr double kHigh = 0.95;

at::Tensor copy_of(const at::Tensor& tensor) { return tensor.detach().to(at::kCPU, at::kFloat, false, true).contiguous(); }

std::vector<NamedTensor> copies(const std::vector<NamedTensor>& named) {
  std::vector<NamedTensor> result;
  for (const auto& [name, tensor] : named) result.emplace_back(name, copy_of(tensor));
  return result;
}

/// The tensors of each layer as one row of numbers, in the order in which layers begin.
std::vector<NamedTensor> by_layer(const std::vector<NamedTensor>& named) {
  std::vector<std::pair<std::string, std::vector<at::Tensor>>> parts;
  for (const auto& [name, tensor] : named) {
    const std::string layer = name.substr(0, name.find('.'));
    if (parts.empty() || parts.back().first != layer) parts.emplace_back(layer, std::vector<at::Tensor>{});
    parts.back().second.push_back(tensor.reshape({-1}));
  }
  std::vector<NamedTensor> layers;
  for (const auto& [layer, tensors] : parts) layers.emplace_back(layer, at::cat(tensors));
  return layers;
}

double number(const at::Tensor& single) { return single.item<double>(); }

double percentile_range(const at::Tensor& values) {
  const std::int64_t step = 1 + (values.numel() - 1) / kMostForPercentiles;
  const at::Tensor sorted = std::get<0>(values.slice(0, 0, values.numel(), step).sort());
  const auto at_share = [&](double share) {
    return number(sorted[static_cast<std::int64_t>(std::llround(share * static_cast<double>(sorted.numel() - 1)))]);
  };
  return at_share(kHigh) - at_share(kLow);
}

}  // namespace

void StepRecord::before_relu(const std::string& relu, const at::Tensor& input) {
  const c10::NoGradGuard no_grad;
  activations_.emplace_back(of_layer(kActivationInputVariance, relu), number(input.detach().to(at::kFloat).var()));
}

void StepRecord::after_relu(const std::string& relu, const at::Tensor& output) {
  const c10::NoGradGuard no_grad;
  // Of a convolution a channel is what can be dead, of a fully connected layer a unit: both are dimension 1.
  const at::Tensor alive = output.detach().transpose(0, 1).flatten(1).gt(0).any(1);
  activations_.emplace_back(of_layer(kDeadRelu, relu), 100 * (1 - number(alive.to(at::kDouble).mean())));
  if (keep_outputs_) outputs_.emplace_back(relu, copy_of(output));
}

void StepRecord::before_step(const FlatParameters& tensors) {
  gradients_ = copies(tensors.named_gradients());
  before_ = copies(tensors.named_parameters());
}

void StepRecord::after_step(const FlatParameters& tensors) { after_ = copies(tensors.named_parameters()); }

Metrics StepRecord::health() const {
  Metrics metrics;
  if (after_.empty()) return metrics;
  for (const auto& [layer, values] : by_layer(gradients_)) {
    metrics.emplace_back(of_layer(kGradientNorm, layer), number(values.norm()));
    metrics.emplace_back(of_layer(kGradientMeanAbs, layer), number(values.abs().mean()));
    metrics.emplace_back(of_layer(kGradientRange, layer), percentile_range(values));
    metrics.emplace_back(of_layer(kAllZero, layer), 100 * number(values.eq(0).to(at::kDouble).mean()));
  }
  const auto before = by_layer(before_);
  const auto after = by_layer(after_);
  for (std::size_t i = 0; i < before.size(); ++i) {
    const auto& [layer, weights] = before[i];
    const double norm = number(weights.norm());
    const double update = number((after[i].second - weights).norm());
    metrics.emplace_back(of_layer(kWeightNorm, layer), norm);
    metrics.emplace_back(of_layer(kWeightMeanAbs, layer), number(weights.abs().mean()));
    if (weights.numel() > 1) metrics.emplace_back(of_layer(kWeightVariance, layer), number(weights.var()));
    metrics.emplace_back(of_layer(kUpdateNorm, layer), update);
    if (norm > 0) metrics.emplace_back(of_layer(kUpdateRatio, layer), update / norm);
  }
  metrics.insert(metrics.end(), activations_.begin(), activations_.end());
  return metrics;
}

}  // namespace tune::trainer
