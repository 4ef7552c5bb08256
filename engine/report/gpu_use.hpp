#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "engine/report/ledger.hpp"

/// What a study did with its GPUs, as far as tune watched.
namespace tune::engine {

struct StudyGpuUse {
  double utilization = 0.0;        ///< mean share of the time of the attempts' GPUs in which something ran on them, 0 to 1
  std::uint64_t memory_bytes = 0;  ///< the most that one attempt held
  double watts = 0.0;              ///< mean of an attempt, over its GPUs; 0: no driver told
  double kilowatt_hours = 0.0;     ///< of all attempts
};

/// Each attempt's means, weighted with its running time, of the utilization with its GPUs, too. None: nothing was sampled.
std::optional<StudyGpuUse> study_gpu_use(const StudyRecord& study, Until until = std::nullopt);

/// One line without its end; empty where nothing was sampled.
std::string gpu_use_text(const StudyRecord& study, Until until = std::nullopt);

/// `820 MiB`, `12.3 GiB`.
std::string memory_text(std::uint64_t bytes);

}  // namespace tune::engine
