#pragma once

#include <cstdint>
#include <string>

#include "trainers/data/image_set.hpp"
#include "trainers/loop/plan.hpp"
#include "trainers/options/settings.hpp"

namespace tune::trainer {

/// Bytes that a run is expected to take on its device.
struct MemoryEstimate {
  std::int64_t parameters = 0;  ///< with their copies in 16 bits and the running statistics
  std::int64_t gradients = 0;
  std::int64_t optimizer = 0;          ///< what it remembers between steps
  std::int64_t step = 0;               ///< what comes and goes in a training step, at its height: activations above all
  std::int64_t validation = 0;         ///< the same of a validation batch
  std::int64_t images = 0;             ///< both sets' bytes, places and labels
  std::int64_t images_of_a_batch = 0;  ///< what is there of them at a time where they do not stay on the device

  /// The height of a run, images included.
  [[nodiscard]] std::int64_t total() const;
};

/// Why the network, and on a CPU gradients and the optimizer's state beside it, cannot fit into so many bytes of the machine's
/// memory, or nothing. A process that takes more than there is gets killed without a word.
Outcome check_memory(const Plan& plan, const Hyperparameters& hyperparameters, std::int64_t limit);

/// Needs no GPU: the network is made on the CPU and trained for one step of a small batch and one of a batch twice as large,
/// while LibTorch's allocations are added up. Height of a step = constant part + batch size * growth per image, which both runs
/// give; in 16 bits an image's growth is half of that. What cuDNN takes for its own purposes is not in it, nor is CUDA's context
/// (some 500 MB in a process). REQUIRES: plan follows from settings and data.
MemoryEstimate estimate_memory(const Settings& settings, const ImageData& data, const Plan& plan);

/// For people: one figure a line, in MB (10^6 bytes), then the sum in bytes.
std::string text_of(const MemoryEstimate& estimate);

}  // namespace tune::trainer
