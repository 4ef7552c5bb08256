#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <optional>

namespace tune::trainer {

/// The most bytes that were allocated on the GPU at a time by this process so far. Nothing on a CPU, and where the program was
/// built without CUDA's headers.
std::optional<std::int64_t> most_gpu_bytes(at::Device device);

}  // namespace tune::trainer
