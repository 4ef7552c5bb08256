#include "trainers/loop/device.hpp"

#include <ATen/detail/CUDAHooksInterface.h>

#include "trainers/options/device_name.hpp"

namespace tune::trainer {

Fallible<at::Device> choose_device(const std::string& wanted) {
  const int count = at::hasCUDA() ? static_cast<int>(at::detail::getCUDAHooks().getNumGPUs()) : 0;
  if (wanted == "cpu" || (wanted == "auto" && count == 0)) return at::Device(at::kCPU);
  const auto index = device_number(wanted);
  if (!index) return Failure{"--device is '" + wanted + "'; allowed: " + kDeviceNames};
  if (*index < count) return at::Device(at::kCUDA, static_cast<at::DeviceIndex>(*index));
  return Failure{"--device " + wanted + ": " +
                 (count == 0 ? "no GPU that this LibTorch can use" : std::to_string(count) + " GPUs are there")};
}

}  // namespace tune::trainer
