#include "trainers/model/resnet.hpp"

#include <algorithm>
#include <cmath>

namespace tune::trainer {
namespace {

constexpr std::int64_t kStemKernel = 7;
constexpr std::int64_t kSmallStemKernel = 3;
constexpr std::int64_t kWidth = 64;       // channels of the first stage
constexpr std::int64_t kSmallWidth = 16;  // of networks of 6n + 2 layers
constexpr std::int64_t kExpansion = 4;    // of a bottleneck
constexpr double kMomentum = 0.1;         // of running statistics, in PyTorch's sense
constexpr double kEpsilon = 1e-5;

/// After a convolution's weight: its normalisation.
enum After : std::size_t { kScaleAt = 1, kBiasAt = 2, kMeanAt = 3, kVarianceAt = 4 };

struct Depth {
  std::vector<int> blocks;  ///< of each stage
  bool bottleneck = false;
};

Depth depth_of(std::int64_t layers) {
  switch (layers) {
    case 18:
      return {{2, 2, 2, 2}, false};
    case 34:
      return {{3, 4, 6, 3}, false};
    case 50:
      return {{3, 4, 6, 3}, true};
    case 101:
      return {{3, 4, 23, 3}, true};
    case 152:
      return {{3, 8, 36, 3}, true};
    default: {
      const int blocks = static_cast<int>((layers - 2) / 6);
      return {{blocks, blocks, blocks}, false};
    }
  }
}

class Planner {
 public:
  explicit Planner(const ModelSpec& spec) : spec_(spec), depth_(depth_of(spec.num_layers)) {}

  ResNet::Plan plan() {
    const bool three_stages = depth_.blocks.size() == 3;
    plan_.small_stem = std::max(spec_.shape.height, spec_.shape.width) <= kSmallImageSide;
    std::int64_t width = scaled(three_stages ? kSmallWidth : kWidth);
    convolution("conv1", "bn1", spec_.shape.channels, width, plan_.small_stem ? kSmallStemKernel : kStemKernel);
    std::int64_t channels = width;
    for (std::size_t stage = 0; stage < depth_.blocks.size(); ++stage, width *= 2) {
      for (int i = 0; i < depth_.blocks[stage]; ++i) {
        const std::string name = "layer" + std::to_string(stage + 1) + "." + std::to_string(i);
        channels = block(name, channels, width, stage > 0 && i == 0 ? 2 : 1);
      }
    }
    plan_.last = plan_.specs.size();
    plan_.specs.push_back({"fc.weight", {spec_.classes, channels}, Role::kWeight, channels});
    plan_.specs.push_back({"fc.bias", {spec_.classes}, Role::kBias});
    return std::move(plan_);
  }

 private:
  [[nodiscard]] std::int64_t scaled(std::int64_t channels) const {
    return std::max<std::int64_t>(1, std::llround(static_cast<double>(channels) * spec_.width_multiplier));
  }

  /// Its weight and its normalisation's four tensors; gives the index of the first.
  std::size_t convolution(const std::string& name, const std::string& norm, std::int64_t in, std::int64_t out,
                          std::int64_t kernel) {
    const std::size_t first = plan_.specs.size();
    plan_.specs.push_back({name + ".weight", {out, in, kernel, kernel}, Role::kWeight, in * kernel * kernel});
    plan_.specs.push_back({norm + ".weight", {out}, Role::kScale});
    plan_.specs.push_back({norm + ".bias", {out}, Role::kBias});
    plan_.specs.push_back({norm + ".running_mean", {out}, Role::kMean});
    plan_.specs.push_back({norm + ".running_var", {out}, Role::kVariance});
    return first;
  }

  std::int64_t block(const std::string& name, std::int64_t in, std::int64_t width, std::int64_t stride) {
    ResNet::Block block;
    block.name = name;
    block.stride = stride;
    const std::int64_t out = depth_.bottleneck ? width * kExpansion : width;
    block.sizes = depth_.bottleneck ? std::vector<std::int64_t>{1, 3, 1} : std::vector<std::int64_t>{3, 3};
    std::int64_t channels = in;
    for (std::size_t i = 0; i < block.sizes.size(); ++i) {
      const std::int64_t next = i + 1 == block.sizes.size() ? out : width;
      const std::string number = std::to_string(i + 1);
      block.convolutions.push_back(convolution(name + ".conv" + number, name + ".bn" + number, channels, next, block.sizes[i]));
      channels = next;
    }
    if (stride != 1 || in != out) block.shortcut = convolution(name + ".downsample.0", name + ".downsample.1", in, out, 1);
    plan_.blocks.push_back(std::move(block));
    return out;
  }

  const ModelSpec& spec_;
  Depth depth_;
  ResNet::Plan plan_;
};

}  // namespace

std::vector<TensorSpec> resnet_tensors(const ModelSpec& spec) { return Planner(spec).plan().specs; }

ResNet::ResNet(const ModelSpec& spec, std::uint64_t seed, const Placement& placement)
    : ResNet(Planner(spec).plan(), seed, placement) {}

ResNet::ResNet(Plan plan, std::uint64_t seed, const Placement& placement)
    : Model(FlatParameters(plan.specs, seed, placement)), plan_(std::move(plan)) {}

at::Tensor ResNet::normalised(const at::Tensor& input, std::size_t convolution, std::int64_t stride, std::int64_t padding,
                              bool training) {
  const FlatParameters& t = tensors();
  const at::Tensor output = at::conv2d(input, t[convolution], {}, stride, padding);
  // Of a single value a channel there is no variance; the running one serves.
  const bool by_batch = training && output.numel() > output.size(1);
  return at::batch_norm(output, t[convolution + kScaleAt], t[convolution + kBiasAt], t[convolution + kMeanAt],
                        t[convolution + kVarianceAt], by_batch, kMomentum, kEpsilon, true);
}

at::Tensor ResNet::residual(const at::Tensor& input, const Block& block, bool training) {
  at::Tensor output = input;
  // The convolution with the stride is the first of a basic block and the middle one of a bottleneck.
  const std::size_t strided = block.convolutions.size() == 3 ? 1 : 0;
  for (std::size_t i = 0; i < block.convolutions.size(); ++i) {
    output = normalised(output, block.convolutions[i], i == strided ? block.stride : 1, block.sizes[i] / 2, training);
    if (i + 1 < block.convolutions.size()) output = relu(block.name + ".relu" + std::to_string(i + 1), output);
  }
  const at::Tensor around = block.shortcut == 0 ? input : normalised(input, block.shortcut, block.stride, 0, training);
  return relu(block.name + ".relu" + std::to_string(block.convolutions.size()), output.add_(around));
}

at::Tensor ResNet::forward(const at::Tensor& images, bool training) {
  const FlatParameters& t = tensors();
  const std::int64_t kernel = plan_.small_stem ? kSmallStemKernel : kStemKernel;
  at::Tensor output = relu("relu", normalised(images, 0, plan_.small_stem ? 1 : 2, kernel / 2, training));
  if (!plan_.small_stem) output = at::max_pool2d(output, 3, 2, 1);
  for (const Block& block : plan_.blocks) output = residual(output, block, training);
  output = output.mean({2, 3});
  return at::linear(output, t[plan_.last], t[plan_.last + 1].to(t.placement().compute)).to(t.placement().full());
}

}  // namespace tune::trainer
