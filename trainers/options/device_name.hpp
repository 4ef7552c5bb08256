#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "trainers/support/numbers.hpp"

namespace tune::trainer {

inline constexpr const char* kDeviceNames = "auto, cpu, cuda or cuda:N";

/// The GPU's number in `auto`, `cuda` (0) or `cuda:N`, 0 for `cpu` too; nothing when it is none of these.
inline std::optional<std::uint8_t> device_number(std::string_view name) {
  if (name == "auto" || name == "cpu" || name == "cuda") return std::uint8_t{0};
  return name.starts_with("cuda:") ? parse_number<std::uint8_t>(name.substr(5)) : std::nullopt;
}

}  // namespace tune::trainer
