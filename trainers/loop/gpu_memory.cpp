#include "trainers/loop/gpu_memory.hpp"

#ifdef TUNE_CUDA_KERNELS
#include <c10/cuda/CUDACachingAllocator.h>
#endif

namespace tune::trainer {

std::optional<std::int64_t> most_gpu_bytes([[maybe_unused]] at::Device device) {
#ifdef TUNE_CUDA_KERNELS
  constexpr std::size_t kAllPools = 0;  // of the allocator's counts
  if (device.is_cuda()) return c10::cuda::CUDACachingAllocator::getDeviceStats(device.index()).allocated_bytes[kAllPools].peak;
#endif
  return std::nullopt;
}

}  // namespace tune::trainer
