#pragma once

#include "tune/registry.hpp"
#include "tune/stopping.hpp"

namespace tune::strategies {

/// `any_of` for the registry: stops a trial when one of its rules does (docs/early-stopping.md).
Entry<StoppingPolicy> any_of_entry();
/// `all_of`: when all of them do.
Entry<StoppingPolicy> all_of_entry();

}  // namespace tune::strategies
