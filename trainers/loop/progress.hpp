#pragma once

#include <cstdint>

#include "trainers/checkpoint/checkpoint_file.hpp"
#include "trainers/data/image_set.hpp"
#include "trainers/options/settings.hpp"
#include "trainers/support/fallible.hpp"

/// How far a run has got, and its way into a checkpoint and back. What is random is keyed by (seed, epoch), see
/// support/random.hpp, so this, the weights and the optimizer's buffers are the whole state of a run.
namespace tune::trainer {

struct Progress {
  std::int64_t epoch = 0;  ///< being trained, from 0
  std::int64_t batch = 0;  ///< next one of that epoch; all done and not yet validated when it equals their number
  std::int64_t steps = 0;  ///< of the optimizer
  double loss_sum = 0;     ///< over the images of the batches done
  double correct = 0;      ///< images of those that were classified right
  double best = -1;        ///< best validation accuracy so far; negative: none yet
};

/// Everything that decides what is computed: hyperparameters but for the budget, seed, data.
FlatObject configuration_facts(const Settings& settings, const ImageData& data);

FlatObject progress_facts(const Progress& progress);

/// The progress in a checkpoint of this very configuration. The failure lists every difference.
Fallible<Progress> progress_from(const Checkpoint& checkpoint, const FlatObject& configuration);

}  // namespace tune::trainer
