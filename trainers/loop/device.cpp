#include "trainers/loop/device.hpp"

#include <ATen/detail/CUDAHooksInterface.h>

#include <cstdint>
#include <string_view>

#include "trainers/support/numbers.hpp"

namespace tune::trainer {

Fallible<at::Device> choose_device(const std::string& wanted) {
  const int count = at::hasCUDA() ? static_cast<int>(at::detail::getCUDAHooks().getNumGPUs()) : 0;
  if (wanted == "cpu" || (wanted == "auto" && count == 0)) return at::Device(at::kCPU);
  std::optional<int> index = 0;
  if (wanted.starts_with("cuda:")) index = parse_number<std::uint8_t>(std::string_view(wanted).substr(5));
  if (!index || (wanted != "auto" && !wanted.starts_with("cuda")))
    return Failure{"--device is '" + wanted + "'; allowed: auto, cpu, cuda or cuda:N"};
  if (*index < count) return at::Device(at::kCUDA, static_cast<at::DeviceIndex>(*index));
  return Failure{"--device " + wanted + ": " +
                 (count == 0 ? "no GPU that this LibTorch can use" : std::to_string(count) + " GPUs are there")};
}

}  // namespace tune::trainer
