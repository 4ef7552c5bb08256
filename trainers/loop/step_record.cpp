#include "trainers/loop/step_record.hpp"

#include <c10/core/GradMode.h>

#include <algorithm>
#include <cmath>

namespace tune::trainer {
namespace {

constexpr std::int64_t kMostForPercentiles = 1'000'000;  // values; more are looked at in even steps
constexpr double kLow = 0.05;
constexpr double kHigh = 0.95;

std::string group_of(const std::string& name) { return name.substr(0, name.find('.')); }

/// Copies that later steps do not change.
std::vector<NamedTensor> copies(const std::vector<NamedTensor>& named) {
  std::vector<NamedTensor> result;
  for (const auto& [name, tensor] : named)
    result.emplace_back(name, tensor.detach().to(at::kCPU, at::kFloat, false, true).contiguous());
  return result;
}

/// The tensors of each group as one row of numbers, in the order in which groups begin.
std::vector<NamedTensor> by_group(const std::vector<NamedTensor>& named) {
  std::vector<std::pair<std::string, std::vector<at::Tensor>>> parts;
  for (const auto& [name, tensor] : named) {
    const std::string group = group_of(name);
    if (parts.empty() || parts.back().first != group) parts.emplace_back(group, std::vector<at::Tensor>{});
    parts.back().second.push_back(tensor.reshape({-1}));
  }
  std::vector<NamedTensor> groups;
  for (const auto& [group, tensors] : parts) groups.emplace_back(group, at::cat(tensors));
  return groups;
}

double percentile_range(const at::Tensor& values) {
  const std::int64_t step = 1 + (values.numel() - 1) / kMostForPercentiles;
  const at::Tensor sorted = std::get<0>(values.slice(0, 0, values.numel(), step).sort());
  const auto at_share = [&](double share) {
    return sorted[static_cast<std::int64_t>(std::llround(share * static_cast<double>(sorted.numel() - 1)))].item<double>();
  };
  return at_share(kHigh) - at_share(kLow);
}

}  // namespace

void StepRecord::activation(const std::string& layer, const at::Tensor& output) {
  const c10::NoGradGuard no_grad;
  // Of a convolution a channel is what can be dead, of a fully connected layer a unit: both are dimension 1.
  const at::Tensor flat = output.detach().transpose(0, 1).flatten(1);
  const double alive = flat.gt(0).any(1).to(at::kDouble).mean().item<double>();
  dead_.emplace_back(layer, 100 * (1 - alive));
  if (keep_outputs_) outputs_.emplace_back(layer, output.detach().to(at::kCPU, at::kFloat, false, true).contiguous());
}

void StepRecord::before_step(const FlatParameters& tensors) {
  gradients_ = copies(tensors.named_gradients());
  before_ = copies(tensors.named_parameters());
}

void StepRecord::after_step(const FlatParameters& tensors) {
  const auto before = by_group(before_);
  const auto after = by_group(copies(tensors.named_parameters()));
  for (std::size_t i = 0; i < before.size(); ++i) {
    const double weights = before[i].second.norm().item<double>();
    const double update = (after[i].second - before[i].second).norm().item<double>();
    if (weights > 0) update_ratios_.emplace_back(before[i].first, update / weights);
  }
}

std::vector<NamedNumber> StepRecord::health() const {
  std::vector<NamedNumber> numbers;
  for (const auto& [group, values] : by_group(gradients_)) {
    numbers.emplace_back("gradient_norm/" + group, values.norm().item<double>());
    numbers.emplace_back("gradient_mean_abs/" + group, values.abs().mean().item<double>());
    numbers.emplace_back("gradient_range/" + group, percentile_range(values));
  }
  for (const auto& [group, ratio] : update_ratios_) numbers.emplace_back("update_ratio/" + group, ratio);
  for (const auto& [layer, percent] : dead_) numbers.emplace_back("dead_relu/" + layer, percent);
  return numbers;
}

}  // namespace tune::trainer
