#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace tune::engine {

/// The few things tune asks NVIDIA's management library, which is looked for at run time: libnvidia-ml.so.1, or the file that
/// TUNE_NVML_LIBRARY names. A driver that lacks a function, or a device that cannot tell, gives no answer. Names, prototypes and
/// numbers: NVIDIA, "NVML API Reference Guide". Thread safety: none.
class Nvml {
 public:
  /// A GPU, or a part of one that MIG has made ("instance").
  struct Device {
    std::string uuid;     ///< GPU-..., of a part MIG-...; empty: it did not answer when it was looked for
    std::size_t gpu = 0;  ///< of which GPU, counted in the order of the bus addresses
    bool part = false;
    void* handle = nullptr;
  };
  struct Memory {
    std::uint64_t used = 0;   ///< bytes, by anybody
    std::uint64_t total = 0;  ///< bytes
  };
  struct Process {
    pid_t pid = 0;  ///< as the driver sees it: in a container perhaps another process than ours of that number
    std::optional<std::uint64_t> memory = {};  ///< bytes
  };

  /// Null when there is no driver here; `why` says so.
  static std::unique_ptr<Nvml> load(std::string& why);
  ~Nvml();
  Nvml(const Nvml&) = delete;
  Nvml& operator=(const Nvml&) = delete;

  /// The GPUs, in the order of their bus addresses.
  [[nodiscard]] const std::vector<Device>& devices() const { return devices_; }
  /// Whether the GPU is cut up, and then only its parts can be used.
  [[nodiscard]] bool is_cut_up(const Device& gpu) const;
  [[nodiscard]] std::vector<Device> parts(const Device& gpu) const;

  /// Empty while the device is in order; else what is wrong: it has fallen off the bus, needs a reset, or the driver fails on it.
  [[nodiscard]] std::string trouble(const Device& device) const;
  [[nodiscard]] std::optional<Memory> memory(const Device& device) const;
  /// Those that compute on it; none: the driver does not tell.
  [[nodiscard]] std::optional<std::vector<Process>> processes(const Device& device) const;
  /// Share of the time in which something was running on it, 0 to 1. Parts do not tell.
  [[nodiscard]] std::optional<double> utilization(const Device& device) const;
  /// Watts of the whole GPU, also of a part.
  [[nodiscard]] std::optional<double> power(const Device& device) const;
  /// How far apart two are: 0 on one board, 10 under one PCIe switch, ..., 50 across the machine; none: it cannot be told.
  [[nodiscard]] std::optional<int> distance(const Device& one, const Device& other) const;

 private:
  struct Functions;
  Nvml(void* library, std::unique_ptr<Functions> functions);
  [[nodiscard]] void* handle_of(const Device& device) const;
  [[nodiscard]] Device look_at(void* handle, std::size_t gpu, bool part) const;

  void* library_;
  std::unique_ptr<Functions> functions_;
  std::vector<Device> devices_;
};

}  // namespace tune::engine
