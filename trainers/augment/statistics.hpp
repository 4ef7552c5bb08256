#pragma once

#include "trainers/augment/augmentation.hpp"
#include "trainers/data/image_set.hpp"

namespace tune::trainer {

/// Sets mean and deviation of each of settings.channels channels to those of all the set's pixels (grey repeated, or colour made
/// grey, as pixel.hpp does it). A deviation of 0 (one level everywhere) becomes 1: there is nothing to scale.
void normalise_by(const ImageSet& set, AugmentSettings& settings);

}  // namespace tune::trainer
