#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/executors/nvml.hpp"

/// Whose memory on a GPU is whose.
namespace tune::engine {

/// Whether a process belongs to the attempt with this directory: by its environment, or that of a process above it.
bool is_of_attempt(pid_t pid, const std::string& directory);

struct GpuMemory {
  std::uint64_t used = 0;                 ///< bytes, by anybody
  std::uint64_t total = 0;                ///< bytes
  std::vector<std::uint64_t> of_attempt;  ///< bytes, in the order of the directories
  std::uint64_t of_others = 0;            ///< bytes; the driver's own included
};

/// What the attempts with these directories hold on a GPU: the memory of their processes. Where the driver does not say whose
/// memory it is, as in a container: what is there beyond `before`, divided equally among those without processes. None: the
/// device does not answer.
std::optional<GpuMemory> memory_by_attempt(const Nvml& nvml, const Nvml::Device& device, std::uint64_t before,
                                           const std::vector<std::string>& directories);

}  // namespace tune::engine
