#include "trainers/model/flat_parameters.hpp"

#include <c10/core/GradMode.h>

#include <cmath>
#include <functional>
#include <numeric>

#include "trainers/support/random.hpp"

namespace tune::trainer {
namespace {

std::int64_t count(const TensorSpec& spec) {
  return std::accumulate(spec.sizes.begin(), spec.sizes.end(), std::int64_t{1}, std::multiplies<>());
}

at::Tensor first_values(const TensorSpec& spec, std::uint64_t seed, std::size_t index) {
  if (spec.role == Role::kScale || spec.role == Role::kVariance) return at::ones(spec.sizes);
  if (spec.role != Role::kWeight) return at::zeros(spec.sizes);
  const double bound = std::sqrt(6.0 / static_cast<double>(spec.fan_in));
  KeyedRandom random(seed, Purpose::kWeights, index);
  std::vector<float> values(static_cast<std::size_t>(count(spec)));
  for (float& value : values) value = static_cast<float>(random.uniform(-bound, bound));
  return at::from_blob(values.data(), spec.sizes, at::kFloat).clone();
}

}  // namespace

FlatParameters::FlatParameters(const std::vector<TensorSpec>& specs, std::uint64_t seed, const Placement& placement)
    : specs_(specs), offsets_(specs.size()), placement_(placement) {
  const c10::NoGradGuard no_grad;
  const auto place = [&](Role role, std::int64_t& end) {
    for (std::size_t i = 0; i < specs.size(); ++i) {
      if (specs[i].role != role) continue;
      offsets_[i] = end;
      end += count(specs[i]);
    }
    return end;
  };
  std::int64_t parameters = 0;
  std::int64_t statistics = 0;
  weights_ = place(Role::kWeight, parameters);
  decayed_ = place(Role::kScale, parameters);
  place(Role::kBias, parameters);
  place(Role::kMean, statistics);
  place(Role::kVariance, statistics);

  values_ = at::zeros({parameters}, placement.full());
  statistics_ = at::zeros({statistics}, placement.full());
  for (std::size_t i = 0; i < specs.size(); ++i)
    view(is_parameter(i) ? values_ : statistics_, i).copy_(first_values(specs[i], seed, i));
  values_ = values_.to(placement.device);
  statistics_ = statistics_.to(placement.device);
  gradients_ = at::zeros_like(values_);
  if (placement.is_half()) {
    half_values_ = values_.narrow(0, 0, weights_).to(placement.compute);
    half_gradients_ = at::zeros_like(half_values_);
  }
  for (std::size_t i = 0; i < specs.size(); ++i) {
    if (!is_parameter(i)) {
      used_.push_back(view(statistics_, i));
      continue;
    }
    const bool half = half_values_.defined() && specs[i].role == Role::kWeight;
    at::Tensor leaf = view(half ? half_values_ : values_, i).detach();
    leaf.set_requires_grad(true);
    leaf.mutable_grad() = view(half ? half_gradients_ : gradients_, i);
    used_.push_back(leaf);
  }
}

bool FlatParameters::is_parameter(std::size_t i) const {
  return specs_[i].role != Role::kMean && specs_[i].role != Role::kVariance;
}

at::Tensor FlatParameters::view(const at::Tensor& buffer, std::size_t i) const {
  const at::Tensor flat = buffer.narrow(0, offsets_[i], count(specs_[i]));
  const std::vector<std::int64_t>& sizes = specs_[i].sizes;
  if (!placement_.channels_last || sizes.size() != 4) return flat.view(sizes);
  return flat.view({sizes[0], sizes[2], sizes[3], sizes[1]}).permute({0, 3, 1, 2});
}

at::Tensor FlatParameters::to_plain(const at::Tensor& buffer) const {
  const c10::NoGradGuard no_grad;
  std::vector<at::Tensor> parts;
  for (std::size_t i = 0; i < specs_.size(); ++i) {
    if (is_parameter(i)) parts.push_back(view(buffer, i).reshape({-1}));
  }
  return at::cat(parts);
}

void FlatParameters::from_plain(const at::Tensor& plain, at::Tensor& buffer) const {
  const c10::NoGradGuard no_grad;
  std::int64_t offset = 0;
  for (std::size_t i = 0; i < specs_.size(); ++i) {
    if (!is_parameter(i)) continue;
    view(buffer, i).copy_(plain.narrow(0, offset, count(specs_[i])).view(specs_[i].sizes));
    offset += count(specs_[i]);
  }
}

void FlatParameters::zero_gradients() {
  gradients_.zero_();
  if (half_gradients_.defined()) half_gradients_.zero_();
}

void FlatParameters::collect_gradients() {
  const c10::NoGradGuard no_grad;
  if (half_gradients_.defined()) gradients_.narrow(0, 0, weights_).copy_(half_gradients_);
}

void FlatParameters::values_changed() {
  const c10::NoGradGuard no_grad;
  if (half_values_.defined()) half_values_.copy_(values_.narrow(0, 0, weights_));
}

std::vector<NamedTensor> FlatParameters::named_tensors() const {
  std::vector<NamedTensor> named;
  for (std::size_t i = 0; i < specs_.size(); ++i)
    named.emplace_back(specs_[i].name, view(is_parameter(i) ? values_ : statistics_, i));
  return named;
}

std::vector<NamedTensor> FlatParameters::named_parameters() const {
  std::vector<NamedTensor> named;
  for (std::size_t i = 0; i < specs_.size(); ++i) {
    if (is_parameter(i)) named.emplace_back(specs_[i].name, view(values_, i));
  }
  return named;
}

std::vector<NamedTensor> FlatParameters::named_gradients() const {
  std::vector<NamedTensor> named;
  for (std::size_t i = 0; i < specs_.size(); ++i) {
    if (is_parameter(i)) named.emplace_back(specs_[i].name, view(gradients_, i));
  }
  return named;
}

}  // namespace tune::trainer
