#pragma once

#include <ATen/ATen.h>

#include <string>

#include "trainers/support/fallible.hpp"

namespace tune::trainer {

/// `auto` (a GPU if there is one), `cpu`, `cuda` or `cuda:N`. Fails when this LibTorch has no such device.
Fallible<at::Device> choose_device(const std::string& wanted);

}  // namespace tune::trainer
