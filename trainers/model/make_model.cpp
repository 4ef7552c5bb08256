#include <algorithm>
#include <array>

#include "trainers/model/cnn.hpp"
#include "trainers/model/model.hpp"
#include "trainers/model/resnet.hpp"

namespace tune::trainer {
namespace {

constexpr std::array<std::int64_t, 5> kSmallDepths = {20, 32, 44, 56, 110};

}  // namespace

Outcome check_model(const ModelSpec& spec) {
  const std::int64_t side = std::max(spec.shape.height, spec.shape.width);
  if (spec.name != "resnet" || side <= kSmallImageSide || !std::ranges::count(kSmallDepths, spec.num_layers)) return {};
  return Failure{"num_layers is " + std::to_string(spec.num_layers) + ", which is for images of up to " +
                 std::to_string(kSmallImageSide) + " pixels, and these are " + std::to_string(spec.shape.height) + " x " +
                 std::to_string(spec.shape.width) + "; allowed there: 18, 34, 50, 101 or 152"};
}

std::vector<TensorSpec> tensor_specs(const ModelSpec& spec) {
  return spec.name == "cnn" ? cnn_tensors(spec) : resnet_tensors(spec);
}

std::unique_ptr<Model> make_model(const ModelSpec& spec, std::uint64_t seed, const Placement& placement) {
  if (spec.name == "cnn") return std::make_unique<Cnn>(spec, seed, placement);
  return std::make_unique<ResNet>(spec, seed, placement);
}

}  // namespace tune::trainer
