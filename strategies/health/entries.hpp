#pragma once

#include <vector>

#include "tune/health.hpp"
#include "tune/registry.hpp"

/// Health rules with the names, parameters and defaults of Amazon SageMaker Debugger's built-in rules (Developer Guide, "List of
/// Debugger Built-in Rules"); docs/health-rules.md says what each does. All are immutable and safe from several threads.
namespace tune::strategies {

/// Those that compare each value of a metric with a bound.
std::vector<Entry<HealthRule>> bound_entries();
Entry<HealthRule> loss_not_decreasing_entry();
Entry<HealthRule> overfit_entry();
Entry<HealthRule> overtraining_entry();
Entry<HealthRule> poor_weight_initialization_entry();
Entry<HealthRule> class_imbalance_entry();
Entry<HealthRule> unchanged_tensor_entry();
Entry<HealthRule> feature_importance_entry();

}  // namespace tune::strategies
