#include "strategies/stopping/policies.hpp"

#include "strategies/stopping/median.hpp"

namespace tune::strategies {

void register_policies(Registry& registry) {
  registry.add(median_entry());
  for (const char* planned : {"auto", "predicted", "asha", "hyperband", "patience", "successive_halving", "threshold",
                              "percentile", "wilcoxon", "any_of", "all_of", "pasha"}) {
    registry.plan_policy(planned);
  }
}

}  // namespace tune::strategies
