#pragma once

#include "tune/registry.hpp"

namespace tune::strategies {

/// The rule that measured best, and what the documentation recommends. docs/early-stopping.md, "auto".
Entry<StoppingPolicy> auto_entry();

}  // namespace tune::strategies
