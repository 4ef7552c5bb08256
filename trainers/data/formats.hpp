#pragma once

#include <cstdint>
#include <string>

#include "trainers/data/image_set.hpp"
#include "trainers/support/fallible.hpp"

namespace tune::trainer {

/// What a data format is asked for.
struct DataRequest {
  std::string train_directory;
  std::string validation_directory;
  std::int64_t num_training_samples = 0;  ///< the first so many; 0: all
  std::int64_t num_classes = 0;           ///< 0: as many as there are
};

/// Reads the images by the first format of the table in formats.cpp that knows the training directory's files. A new format is
/// one line there. Errors: no such directory, no format knows it (the failure lists what each looks for), and the format's own.
Fallible<ImageData> read_images(const DataRequest& request);

}  // namespace tune::trainer
