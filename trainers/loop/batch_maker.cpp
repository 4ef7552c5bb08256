#include "trainers/loop/batch_maker.hpp"

#include <ATen/Parallel.h>

#include <functional>
#include <utility>

#include "trainers/augment/augment_cpu.hpp"
#ifdef TUNE_CUDA_KERNELS
#include "trainers/cuda/device_images.hpp"
#else
namespace tune::trainer::cuda {
class DeviceImages {};
}  // namespace tune::trainer::cuda
#endif

namespace tune::trainer {
namespace {

/// LibTorch's threads, as many as it was told to use.
void in_threads(std::int64_t count, const std::function<void(std::int64_t, std::int64_t)>& work) {
  at::parallel_for(0, count, 1, work);
}

}  // namespace

BatchMaker::BatchMaker(ImageSet set, const AugmentSettings& settings, at::Device device, at::ScalarType type,
                       [[maybe_unused]] double resident_share)
    : set_(std::move(set)), settings_(settings), values_(make_level_values(settings)), device_(device), type_(type) {
#ifdef TUNE_CUDA_KERNELS
  if (device.is_cuda()) on_gpu_ = std::make_unique<cuda::DeviceImages>(set_, settings_, device, type, resident_share, in_threads);
#endif
}

BatchMaker::~BatchMaker() = default;

bool BatchMaker::resident() const {
#ifdef TUNE_CUDA_KERNELS
  if (on_gpu_) return on_gpu_->resident();
#endif
  return false;
}

at::Tensor BatchMaker::images(std::span<const std::int64_t> indices, std::int64_t epoch, bool training) const {
#ifdef TUNE_CUDA_KERNELS
  if (on_gpu_) return on_gpu_->images(indices, epoch, training);
#endif
  const auto count = static_cast<std::int64_t>(indices.size());
  const at::Tensor batch = at::empty({count, settings_.channels, settings_.height, settings_.width}, at::kFloat);
  augment_cpu(set_, settings_, values_, indices, epoch, training, batch.mutable_data_ptr<float>(), in_threads);
  return batch.to(device_, type_, false, false,
                  device_.is_cuda() ? at::MemoryFormat::ChannelsLast : at::MemoryFormat::Contiguous);
}

at::Tensor BatchMaker::labels(std::span<const std::int64_t> indices) const {
#ifdef TUNE_CUDA_KERNELS
  if (on_gpu_) return on_gpu_->labels(indices);
#endif
  const auto count = static_cast<std::int64_t>(indices.size());
  const std::int64_t each = set_.labels_per_image;
  at::Tensor labels = each == 1 ? at::empty({count}, at::kLong) : at::empty({count, each}, at::kFloat);
  for (std::int64_t i = 0; i < count; ++i) {
    const auto from = static_cast<std::size_t>(indices[static_cast<std::size_t>(i)] * each);
    if (each == 1) {
      labels.mutable_data_ptr<std::int64_t>()[i] = set_.labels[from];
      continue;
    }
    for (std::int64_t k = 0; k < each; ++k) {
      labels.mutable_data_ptr<float>()[i * each + k] = static_cast<float>(set_.labels[from + static_cast<std::size_t>(k)]);
    }
  }
  return labels.to(device_);
}

}  // namespace tune::trainer
