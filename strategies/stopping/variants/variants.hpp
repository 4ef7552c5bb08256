#pragma once

#include "tune/registry.hpp"

/// The rules of other systems, as those define them, with their option names and defaults; one file a rule.
/// docs/early-stopping.md says what each does. All are immutable and safe from several threads.
namespace tune::strategies {

Entry<StoppingPolicy> vizier_median_entry();
Entry<StoppingPolicy> sagemaker_median_entry();
Entry<StoppingPolicy> azure_median_entry();
Entry<StoppingPolicy> optuna_median_entry();
Entry<StoppingPolicy> ray_median_entry();
Entry<StoppingPolicy> nni_median_entry();
Entry<StoppingPolicy> synetune_median_entry();
Entry<StoppingPolicy> katib_median_entry();
Entry<StoppingPolicy> optuna_percentile_entry();
Entry<StoppingPolicy> optuna_patience_entry();
Entry<StoppingPolicy> optuna_threshold_entry();
Entry<StoppingPolicy> optuna_halving_entry();
Entry<StoppingPolicy> optuna_wilcoxon_entry();
Entry<StoppingPolicy> ray_asha_entry();
Entry<StoppingPolicy> synetune_asha_entry();

}  // namespace tune::strategies
