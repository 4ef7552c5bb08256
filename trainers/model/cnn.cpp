#include "trainers/model/cnn.hpp"

namespace tune::trainer {
namespace {

constexpr std::int64_t kFirstChannels = 16;
constexpr std::int64_t kSecondChannels = 32;
constexpr std::int64_t kHidden = 64;  // units

enum At : std::size_t { kConv1, kBias1, kConv2, kBias2, kFc1, kFcBias1, kFc2, kFcBias2 };

std::vector<TensorSpec> layers(ImageShape shape, std::int64_t classes) {
  const std::int64_t flat = kSecondChannels * (shape.height / 4) * (shape.width / 4);
  return {{"conv1.weight", {kFirstChannels, shape.channels, 3, 3}, Role::kWeight, shape.channels * 9},
          {"conv1.bias", {kFirstChannels}, Role::kBias},
          {"conv2.weight", {kSecondChannels, kFirstChannels, 3, 3}, Role::kWeight, kFirstChannels * 9},
          {"conv2.bias", {kSecondChannels}, Role::kBias},
          {"fc1.weight", {kHidden, flat}, Role::kWeight, flat},
          {"fc1.bias", {kHidden}, Role::kBias},
          {"fc2.weight", {classes, kHidden}, Role::kWeight, kHidden},
          {"fc2.bias", {classes}, Role::kBias}};
}

}  // namespace

std::vector<TensorSpec> cnn_tensors(const ModelSpec& spec) { return layers(spec.shape, spec.classes); }

Cnn::Cnn(const ModelSpec& spec, std::uint64_t seed, const Placement& placement)
    : Model(FlatParameters(layers(spec.shape, spec.classes), seed, placement)) {}

at::Tensor Cnn::forward(const at::Tensor& images, bool /*training*/) {
  const FlatParameters& t = tensors();
  const auto bias = [&](At of) { return t[of].to(t.placement().compute); };
  const auto convolved = [&](const char* name, const at::Tensor& input, At weight, At of_bias) {
    const at::Tensor output = at::conv2d(input, t[weight], bias(of_bias), 1, 1);
    return relu(name, at::max_pool2d(output, 2));  // the same as pooling after ReLU, with a quarter of its work
  };
  const at::Tensor first = convolved("relu1", images, kConv1, kBias1);
  const at::Tensor features = convolved("relu2", first, kConv2, kBias2).flatten(1);
  const at::Tensor hidden = relu("relu3", at::linear(features, t[kFc1], bias(kFcBias1)));
  return at::linear(hidden, t[kFc2], bias(kFcBias2)).to(t.placement().full());
}

}  // namespace tune::trainer
