#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/executors/nvml.hpp"
#include "tune/status.hpp"

namespace tune::engine {

/// Which GPUs trials may use.
struct GpuRequest {
  bool automatic = true;         ///< all that are here (of those CUDA_VISIBLE_DEVICES names, when it is set), none is no error
  std::vector<std::string> ids;  ///< when not automatic: indices in bus order or UUIDs; empty: none
};

/// The GPUs of this machine that belong to the study, and who has which: whole ones, to one attempt at a time. Thread safety:
/// none.
class GpuInventory {
 public:
  /// An error when a GPU was asked for by name and is not here.
  static Result<GpuInventory> open(const GpuRequest& request);

  [[nodiscard]] int size() const { return static_cast<int>(gpus_.size()); }
  [[nodiscard]] int free() const;
  /// REQUIRES: count <= free(). Those whose memory is free first, then by order.
  std::vector<std::size_t> acquire(int count);
  /// Those with these names, for an adopted attempt; names that are not known (any more) are left out.
  std::vector<std::size_t> acquire_named(const std::vector<std::string>& names);
  void release(const std::vector<std::size_t>& gpus);

  /// Empty when the memory of all of them is back where it was before tune used them; else a sentence.
  std::string memory_in_use(const std::vector<std::size_t>& gpus);
  [[nodiscard]] std::vector<std::string> names(const std::vector<std::size_t>& gpus) const;
  /// What an attempt with these GPUs gets into its environment: it sees them and no other.
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> environment(const std::vector<std::size_t>& gpus) const;

 private:
  struct Gpu {
    std::string name;  ///< as given to the trial: index or UUID
    std::optional<Nvml::Device> device;
    std::uint64_t base = 0;  ///< bytes in use when no trial used it: the least ever seen
    bool taken = false;
  };

  Status add(const std::string& id, const std::string& why_no_nvml);
  std::optional<std::uint64_t> excess(Gpu& gpu) const;

  std::unique_ptr<Nvml> nvml_;
  std::vector<Gpu> gpus_;
  bool hide_ = false;  ///< whether a trial without GPUs must be told so
};

}  // namespace tune::engine
