#pragma once

#include "trainers/augment/augment_job.hpp"

/// The kernel behind a narrow door: no header of CUDA's or LibTorch's on either side of it.
namespace tune::trainer::cuda {

/// Starts making the batch on `stream` (a cudaStream_t) of the current device and returns at once; all of the job's pointers are
/// that device's. The result is 0, or the number of a CUDA error.
int launch_augment(const AugmentJob& job, void* stream);

/// What CUDA calls an error.
const char* error_text(int error);

}  // namespace tune::trainer::cuda
