#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace tune::engine {

/// The few things tune asks NVIDIA's management library, which is looked for at run time: libnvidia-ml.so.1, or the file that
/// TUNE_NVML_LIBRARY names. Thread safety: none.
class Nvml {
 public:
  struct Device {
    std::string uuid;  ///< GPU-...
    void* handle = nullptr;
  };

  /// Null when there is no driver here; `why` says so.
  static std::unique_ptr<Nvml> load(std::string& why);
  ~Nvml();
  Nvml(const Nvml&) = delete;
  Nvml& operator=(const Nvml&) = delete;

  /// In the order of their bus addresses.
  [[nodiscard]] const std::vector<Device>& devices() const { return devices_; }
  /// Bytes in use by anybody; none when the device does not answer.
  [[nodiscard]] std::optional<std::uint64_t> used_memory(const Device& device) const;

 private:
  struct Functions;
  Nvml(void* library, std::unique_ptr<Functions> functions);

  void* library_;
  std::unique_ptr<Functions> functions_;
  std::vector<Device> devices_;
};

}  // namespace tune::engine
