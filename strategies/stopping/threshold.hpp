#pragma once

#include <utility>

#include "tune/registry.hpp"
#include "tune/stopping.hpp"

namespace tune::strategies {

/// `threshold` for the registry: stops a trial whose value leaves fixed bounds (docs/early-stopping.md).
Entry<StoppingPolicy> threshold_entry();

/// The trial's last value against [lower, upper]; a NaN lies outside. REQUIRES: it has a value.
Decision outside(std::string_view rule, const Objective& objective, const TrialView& trial, double lower, double upper);
/// The options `lower` and `upper`, infinite where there is none. One must be given; lower must not exceed upper.
Result<std::pair<double, double>> bounds_of(const Options& options);

}  // namespace tune::strategies
