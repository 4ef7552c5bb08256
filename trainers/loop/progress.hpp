#pragma once

#include <array>
#include <cstdint>

#include "trainers/checkpoint/checkpoint_file.hpp"
#include "trainers/data/image_set.hpp"
#include "trainers/log/training_log.hpp"
#include "trainers/options/settings.hpp"
#include "trainers/schedule/early_end.hpp"
#include "trainers/support/fallible.hpp"

/// How far a run has got, and its way into a checkpoint and back. What is random is keyed by (seed, epoch), see
/// support/random.hpp, so this, the weights and the optimizer's buffers are the whole state of a run.
namespace tune::trainer {

inline constexpr std::size_t kTallySize = 3;  ///< as loop/loss.hpp counts them

struct Progress {
  std::int64_t epoch = 0;                  ///< being trained, from 0
  std::int64_t batch = 0;                  ///< next one of that epoch; all done and not yet validated when it equals their number
  std::int64_t steps = 0;                  ///< of the optimizer
  std::array<double, kTallySize> tally{};  ///< over the images of the batches done
  EarlyEnd early_end;                      ///< knows the best validation accuracy too
  double loss_scale = 1;
  std::int64_t good_steps = 0;  ///< since that last changed
  Metrics trained;              ///< of an epoch that is trained and not yet validated
};

/// Everything that decides what is computed: hyperparameters but for the budget, seed, data.
FlatObject configuration_facts(const Settings& settings, const ImageData& data);

FlatObject progress_facts(const Progress& progress);

/// The progress in a checkpoint of this very configuration. The failure lists every difference.
Fallible<Progress> progress_from(const Checkpoint& checkpoint, const FlatObject& configuration);

}  // namespace tune::trainer
