#pragma once

#include <cstdint>

#include "trainers/data/image_set.hpp"

namespace tune::trainer {

/// Images made up so that a first run needs no download: ten classes of 28 x 28 grey pixels, each class a few soft strokes of its
/// own. An image shows its class's strokes bent, shifted and scaled, a fainter copy of another class over them, and noise; a
/// small network gets about nine in ten right with good hyperparameters, and far fewer with poor ones. Always the same images,
/// whatever the seed of the run, so that runs can be compared; a larger set begins with the smaller one. Validation:
/// kGeneratedValidation.
ImageData generate_images(std::int64_t training_images);

/// Its parts.
ImageSet generate_training_images(std::int64_t count);
ImageSet generate_validation_images();

inline constexpr std::int64_t kGeneratedTraining = 6000;    // images, when num_training_samples does not say
inline constexpr std::int64_t kGeneratedValidation = 2000;  // images
inline constexpr std::int64_t kGeneratedClasses = 10;

}  // namespace tune::trainer
