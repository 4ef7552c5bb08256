#include "trainers/cuda/augment.hpp"

#include <cuda_runtime.h>

#include <cstdint>

namespace tune::trainer::cuda {
namespace {

constexpr int kThreads = 256;
constexpr int kPixelsPerBlock = 8 * kThreads;  // a plan is made once for each block, by one thread: not for a few pixels only

/// Crop, mirror, colour, interpolation, normalisation, layout and type in one pass: one block for each kPixelsPerBlock pixels of
/// one image, one thread for each pixel at a time.
template <class Value>
__global__ void augment_kernel(AugmentJob job, int blocks_per_image) {
  // Raw bytes, because shared memory cannot hold an object that wants to be initialised.
  __shared__ alignas(ImagePlan) unsigned char shared_plan[sizeof(ImagePlan)];
  auto* plan = reinterpret_cast<ImagePlan*>(shared_plan);
  const std::int64_t image = blockIdx.x / static_cast<unsigned>(blocks_per_image);
  const int part = static_cast<int>(blockIdx.x % static_cast<unsigned>(blocks_per_image));
  if (threadIdx.x == 0) *plan = plan_of(job, image);
  __syncthreads();
  const int pixels = job.settings.height * job.settings.width;
  const int end = min(pixels, (part + 1) * kPixelsPerBlock);
  for (int pixel = part * kPixelsPerBlock + static_cast<int>(threadIdx.x); pixel < end; pixel += kThreads) {
    make_pixel<Value>(job, *plan, image, pixel);
  }
}

}  // namespace

int launch_augment(const AugmentJob& job, void* stream) {
  if (job.count == 0) return cudaSuccess;
  const int pixels = job.settings.height * job.settings.width;
  const int blocks_per_image = (pixels + kPixelsPerBlock - 1) / kPixelsPerBlock;
  const auto blocks = static_cast<unsigned>(job.count * blocks_per_image);
  auto* where = static_cast<cudaStream_t>(stream);
  if (job.value_bytes == 2) {
    augment_kernel<std::uint16_t><<<blocks, kThreads, 0, where>>>(job, blocks_per_image);
  } else {
    augment_kernel<std::uint32_t><<<blocks, kThreads, 0, where>>>(job, blocks_per_image);
  }
  return cudaGetLastError();
}

const char* error_text(int error) { return cudaGetErrorString(static_cast<cudaError_t>(error)); }

}  // namespace tune::trainer::cuda
