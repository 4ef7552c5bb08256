#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "trainers/model/model.hpp"

namespace tune::trainer {

inline constexpr std::int64_t kSmallImageSide = 32;  ///< pixels, the longer side

/// Of a ResNet.
std::vector<TensorSpec> resnet_tensors(const ModelSpec& spec);

/// He et al., "Deep residual learning for image recognition", CVPR 2016 (table 1; section 4.2 for 20 to 110 layers), with the
/// stride of a bottleneck in its 3 x 3 convolution and projection shortcuts (option B) as torchvision has them, whose tensor
/// names and layout these are. The stem is chosen as MXNet's examples do: for images of up to 32 pixels a 3 x 3 convolution, else
/// 7 x 7 with stride 2 and max pooling.
class ResNet final : public Model {
 public:
  ResNet(const ModelSpec& spec, std::uint64_t seed, const Placement& placement);

  at::Tensor forward(const at::Tensor& images, bool training) override;

  /// One residual block: its convolutions with their normalisations, by index of their first tensor.
  struct Block {
    std::string name;
    std::int64_t stride = 1;
    std::vector<std::size_t> convolutions;
    std::vector<std::int64_t> sizes;  ///< of each convolution's kernel
    std::size_t shortcut = 0;         ///< of its projection; 0: the input itself
  };
  struct Plan {
    std::vector<TensorSpec> specs;
    std::vector<Block> blocks;
    bool small_stem = false;
    std::size_t last = 0;  ///< of the fully connected layer
  };

 private:
  ResNet(Plan plan, std::uint64_t seed, const Placement& placement);
  [[nodiscard]] at::Tensor normalised(const at::Tensor& input, std::size_t convolution, std::int64_t stride, std::int64_t padding,
                                      bool training);
  [[nodiscard]] at::Tensor residual(const at::Tensor& input, const Block& block, bool training);

  Plan plan_;
};

}  // namespace tune::trainer
