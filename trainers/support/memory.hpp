#pragma once

#include <cstdint>
#include <filesystem>

namespace tune::trainer {

/// From now on the C library keeps freed memory for the next allocation instead of giving it back to the kernel. A training step
/// frees all it has taken, and every page that the kernel hands out again costs a fault and is cleared first: a tenth of a
/// ResNet's step on a CPU. To be called before there are threads. Without effect where the C library is not glibc.
void keep_freed_memory();

/// Bytes that this process can have at most: the machine's memory, or less where a control group (version 2) or a resource limit
/// says so. `root`: where control groups are mounted.
std::int64_t memory_limit(const std::filesystem::path& root = "/sys/fs/cgroup",
                          const std::filesystem::path& own = "/proc/self/cgroup");

}  // namespace tune::trainer
