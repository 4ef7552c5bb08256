#include "strategies/bayesian/bayesian_strategy.hpp"
#include "strategies/grid_strategy.hpp"
#include "strategies/random_strategy.hpp"
#include "strategies/sobol_strategy.hpp"
#include "tune/registry.hpp"

namespace tune {

Registry builtin() {
  using namespace strategies;
  Registry registry;
  registry.add(bayesian_entry());
  registry.add(random_entry());
  registry.add(grid_entry());
  registry.add(sobol_entry());
  registry.plan_strategy("tpe");
  for (const char* name : {"predicted", "asha", "hyperband", "pasha", "patience", "successive_halving", "threshold", "percentile",
                           "wilcoxon", "any_of", "all_of", "auto"}) {
    registry.plan_policy(name);
  }
  return registry;
}

}  // namespace tune
