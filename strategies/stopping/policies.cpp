#include "strategies/stopping/policies.hpp"

#include "strategies/stopping/asha.hpp"
#include "strategies/stopping/auto.hpp"
#include "strategies/stopping/composed.hpp"
#include "strategies/stopping/hyperband.hpp"
#include "strategies/stopping/median.hpp"
#include "strategies/stopping/pasha.hpp"
#include "strategies/stopping/patience.hpp"
#include "strategies/stopping/predicted.hpp"
#include "strategies/stopping/threshold.hpp"
#include "strategies/stopping/variants/variants.hpp"

namespace tune::strategies {

void register_policies(Registry& registry) {
  registry.add(median_entry());
  for (const auto& entry : {vizier_median_entry, sagemaker_median_entry, azure_median_entry, optuna_median_entry,
                            ray_median_entry, nni_median_entry, synetune_median_entry, katib_median_entry}) {
    registry.add(entry());
  }
  registry.add(auto_entry());
  registry.add(predicted_entry());
  registry.add(percentile_entry());
  registry.add(optuna_percentile_entry());
  registry.add(patience_entry());
  registry.add(optuna_patience_entry());
  registry.add(threshold_entry());
  registry.add(optuna_threshold_entry());
  registry.add(asha_entry());
  registry.add(hyperband_entry());
  registry.add(pasha_entry());
  registry.add(optuna_halving_entry());
  registry.add(optuna_wilcoxon_entry());
  registry.add(ray_asha_entry());
  registry.add(synetune_asha_entry());
  registry.add(any_of_entry());
  registry.add(all_of_entry());
  for (const char* planned : {"successive_halving", "wilcoxon"}) {
    registry.plan_policy(planned);
  }
}

}  // namespace tune::strategies
