#include "strategies/health/health_rules.hpp"

#include <utility>

#include "strategies/health/entries.hpp"

namespace tune::strategies {

void register_health_rules(Registry& registry) {
  for (Entry<HealthRule>& entry : bound_entries()) registry.add(std::move(entry));
  for (const auto& entry : {loss_not_decreasing_entry, overfit_entry, overtraining_entry, poor_weight_initialization_entry,
                            class_imbalance_entry, unchanged_tensor_entry, feature_importance_entry}) {
    registry.add(entry());
  }
}

}  // namespace tune::strategies
