#include "strategies/bayesian/bayesian_strategy.hpp"
#include "strategies/grid_strategy.hpp"
#include "strategies/health/health_rules.hpp"
#include "strategies/random_strategy.hpp"
#include "strategies/sobol_strategy.hpp"
#include "strategies/stopping/policies.hpp"
#include "strategies/tpe/tpe_strategy.hpp"
#include "tune/registry.hpp"

namespace tune {

Registry builtin() {
  using namespace strategies;
  Registry registry;
  registry.add(bayesian_entry());
  registry.add(random_entry());
  registry.add(grid_entry());
  registry.add(sobol_entry());
  registry.add(tpe_entry());
  register_policies(registry);
  register_health_rules(registry);
  return registry;
}

}  // namespace tune
