#pragma once

/// Marks a function that nvcc is to compile for the GPU too; for every other compiler it is an ordinary function.
#if defined(__CUDACC__)
#define TUNE_HOST_DEVICE __host__ __device__
#else
#define TUNE_HOST_DEVICE
#endif
