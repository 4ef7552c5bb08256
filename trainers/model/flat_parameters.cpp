#include "trainers/model/flat_parameters.hpp"

#include <c10/core/GradMode.h>

#include <cmath>
#include <functional>
#include <numeric>

#include "trainers/support/random.hpp"

namespace tune::trainer {
namespace {

std::int64_t count(const ParameterSpec& spec) {
  return std::accumulate(spec.sizes.begin(), spec.sizes.end(), std::int64_t{1}, std::multiplies<>());
}

}  // namespace

FlatParameters::FlatParameters(const std::vector<ParameterSpec>& specs, std::uint64_t seed, at::Device device) {
  std::vector<float> first;
  for (std::size_t i = 0; i < specs.size(); ++i) {
    KeyedRandom random(seed, Purpose::kWeights, i);
    const double bound = specs[i].fan_in > 0 ? std::sqrt(6.0 / static_cast<double>(specs[i].fan_in)) : 0.0;
    for (std::int64_t k = count(specs[i]); k > 0; --k) first.push_back(static_cast<float>(random.uniform(-bound, bound)));
  }
  const c10::NoGradGuard no_grad;
  const auto total = static_cast<std::int64_t>(first.size());
  values_ = at::from_blob(first.data(), {total}, at::kFloat).clone().to(device);
  gradients_ = at::zeros_like(values_);
  std::int64_t offset = 0;
  for (const ParameterSpec& spec : specs) {
    const std::int64_t length = count(spec);
    at::Tensor view = values_.narrow(0, offset, length).view(spec.sizes).detach();
    view.set_requires_grad(true);
    view.mutable_grad() = gradients_.narrow(0, offset, length).view(spec.sizes);
    views_.push_back(view);
    offset += length;
  }
}

}  // namespace tune::trainer
