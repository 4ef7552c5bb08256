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
  std::vector<std::string> ids;  ///< when not automatic: indices in bus order or UUIDs, of MIG instances too; empty: none
};

/// The GPUs of this machine that belong to the study, in the order in which they were asked for. A GPU that MIG has cut up is
/// there as its instances. Thread safety: none.
class GpuInventory {
 public:
  struct Gpu {
    std::string name;  ///< as given to the trial: index or UUID
    Nvml::Device device;
  };

  /// An error when a GPU was asked for by name and is not here.
  static Result<GpuInventory> open(const GpuRequest& request);

  [[nodiscard]] std::size_t size() const { return gpus_.size(); }
  [[nodiscard]] const Gpu& operator[](std::size_t gpu) const { return gpus_[gpu]; }
  /// REQUIRES: size() > 0.
  [[nodiscard]] const Nvml& nvml() const { return *nvml_; }
  [[nodiscard]] std::vector<std::string> names(const std::vector<std::size_t>& gpus) const;
  /// What an attempt with these GPUs gets into its environment: it sees them and no other.
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> environment(const std::vector<std::size_t>& gpus) const;

 private:
  Status add(const std::string& id, const std::string& why_no_nvml);
  Status add(std::string name, const Nvml::Device& device);

  std::unique_ptr<Nvml> nvml_;
  std::vector<Gpu> gpus_;
  bool hide_ = false;  ///< whether a trial without GPUs must be told so
};

}  // namespace tune::engine
