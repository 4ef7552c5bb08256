#pragma once

#include "trainers/augment/augmentation.hpp"
#include "trainers/data/image_set.hpp"

namespace tune::trainer {

/// Sets mean and deviation of each of the batch's channels to the set's own (statistics_of). A grey set's are repeated; colours
/// that become grey have the luma of the means, and of the deviations.
void normalise_by(const ImageSet& set, AugmentSettings& settings);

}  // namespace tune::trainer
