#include "trainers/model/cnn.hpp"

namespace tune::trainer {
namespace {

constexpr std::int64_t kFirstChannels = 16;
constexpr std::int64_t kSecondChannels = 32;
constexpr std::int64_t kHidden = 64;  // units

enum Parameter : std::size_t { kConv1, kBias1, kConv2, kBias2, kFc1, kFcBias1, kFc2, kFcBias2 };

std::vector<ParameterSpec> layers(ImageShape shape, std::int64_t classes) {
  const std::int64_t flat = kSecondChannels * (shape.height / 4) * (shape.width / 4);
  return {{{kFirstChannels, shape.channels, 3, 3}, shape.channels * 9},
          {{kFirstChannels}},
          {{kSecondChannels, kFirstChannels, 3, 3}, kFirstChannels * 9},
          {{kSecondChannels}},
          {{kHidden, flat}, flat},
          {{kHidden}},
          {{classes, kHidden}, kHidden},
          {{classes}}};
}

}  // namespace

Cnn::Cnn(ImageShape shape, std::int64_t classes, std::uint64_t seed, at::Device device)
    : parameters_(layers(shape, classes), seed, device) {}

at::Tensor Cnn::forward(const at::Tensor& images) {
  const auto convolved = [&](const at::Tensor& input, Parameter weight, Parameter bias) {
    const at::Tensor output = at::conv2d(input, parameters_[weight], parameters_[bias], 1, 1);
    return at::max_pool2d(output, 2).relu();  // the same as pooling after ReLU, with a quarter of its work
  };
  const at::Tensor features = convolved(convolved(images, kConv1, kBias1), kConv2, kBias2).flatten(1);
  const at::Tensor hidden = at::linear(features, parameters_[kFc1], parameters_[kFcBias1]).relu();
  return at::linear(hidden, parameters_[kFc2], parameters_[kFcBias2]);
}

}  // namespace tune::trainer
