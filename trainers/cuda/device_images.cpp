#include "trainers/cuda/device_images.hpp"

#include <c10/core/GradMode.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>
#include <cuda_runtime_api.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "trainers/augment/staged_batch.hpp"
#include "trainers/cuda/augment.hpp"

namespace tune::trainer::cuda {
namespace {

/// Bytes as they are, on the device. The source is only read.
at::Tensor copy_of(const void* bytes, std::size_t count, at::Device device) {
  return at::from_blob(const_cast<void*>(bytes), {static_cast<std::int64_t>(count)}, at::kByte).to(device);
}

bool fits(std::size_t bytes, double share) {
  std::size_t free = 0;
  std::size_t total = 0;
  const int error = cudaMemGetInfo(&free, &total);
  TORCH_CHECK(error == cudaSuccess, "cudaMemGetInfo: ", error_text(error));
  return static_cast<double>(bytes) <= share * static_cast<double>(free);
}

at::Tensor page_locked(std::size_t bytes) {
  return at::empty({static_cast<std::int64_t>(bytes)}, at::TensorOptions().dtype(at::kByte).pinned_memory(true));
}

}  // namespace

DeviceImages::DeviceImages(const ImageSet& set, const AugmentSettings& settings, at::Device device, at::ScalarType type,
                           double resident_share, RangeRunner parallel)
    : set_(set), settings_(settings), device_(device), type_(type), parallel_(std::move(parallel)) {
  const c10::NoGradGuard no_grad;
  const c10::cuda::CUDAGuard guard(device);
  LevelValues values = make_level_values(settings);
  values_ = at::from_blob(&values, {3, kLevels}, at::kFloat).to(type).to(device);
  const std::int64_t each = set.labels_per_image;
  const at::Tensor labels = at::from_blob(const_cast<std::int32_t*>(set.labels.data()), {set.size(), each}, at::kInt);
  labels_ = each == 1 ? labels.squeeze(1).to(at::kLong).to(device) : labels.to(at::kFloat).to(device);
  if (fits(set.pixels.size_bytes() + set.places.size_bytes(), resident_share)) {
    pixels_ = copy_of(set.pixels.data(), set.pixels.size_bytes(), device);
    places_ = copy_of(set.places.data(), set.places.size_bytes(), device);
  }
}

at::Tensor DeviceImages::upload(std::span<const std::int64_t> indices) {
  if (device_indices_.defined() && std::ranges::equal(uploaded_, indices)) return device_indices_;
  const at::Tensor host = page_locked(indices.size_bytes());
  std::memcpy(host.mutable_data_ptr(), indices.data(), indices.size_bytes());
  device_indices_ = host.to(device_, at::kByte, /*non_blocking=*/true).view(at::kLong);
  uploaded_.assign(indices.begin(), indices.end());
  return device_indices_;
}

at::Tensor DeviceImages::images(std::span<const std::int64_t> indices, std::int64_t epoch, bool training) {
  const c10::NoGradGuard no_grad;
  const c10::cuda::CUDAGuard guard(device_);
  const auto count = static_cast<std::int64_t>(indices.size());
  const at::Tensor batch = at::empty({count, settings_.channels, settings_.height, settings_.width},
                                     at::TensorOptions().device(device_).dtype(type_), at::MemoryFormat::ChannelsLast);
  AugmentJob job;
  job.settings = settings_;
  job.channels = static_cast<std::int32_t>(set_.channels);
  job.count = count;
  job.epoch = epoch;
  job.training = training;
  job.values = values_.const_data_ptr();
  job.value_bytes = static_cast<std::int32_t>(values_.element_size());
  job.channels_last = true;
  job.batch = batch.mutable_data_ptr();
  at::Tensor held;  // until the kernel is on its stream: the allocator gives memory again in the stream's order
  if (resident()) {
    held = upload(indices);
    job.samples = job.rows = held.const_data_ptr<std::int64_t>();
    job.places = static_cast<const ImagePlace*>(places_.const_data_ptr());
    job.pixels = pixels_.const_data_ptr<std::uint8_t>();
  } else {
    const StagedBatch staged = plan_staging(set_, indices);
    const at::Tensor host = page_locked(staged.bytes);
    stage(set_, indices, staged, host.mutable_data_ptr<std::uint8_t>(), parallel_);
    held = host.to(device_, at::kByte, /*non_blocking=*/true);
    const auto* bytes = held.const_data_ptr<std::uint8_t>();
    job.samples = reinterpret_cast<const std::int64_t*>(bytes);
    job.places = reinterpret_cast<const ImagePlace*>(bytes + staged.places_at);
    job.pixels = bytes + staged.pixels_at;
  }
  const int error = launch_augment(job, c10::cuda::getCurrentCUDAStream(device_.index()).stream());
  TORCH_CHECK(error == cudaSuccess, "augmentation kernel: ", error_text(error));
  return batch;
}

at::Tensor DeviceImages::labels(std::span<const std::int64_t> indices) {
  const c10::NoGradGuard no_grad;
  return labels_.index_select(0, upload(indices));
}

}  // namespace tune::trainer::cuda
