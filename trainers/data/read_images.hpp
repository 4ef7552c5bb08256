#pragma once

#include <cstdint>
#include <string>

#include "trainers/data/channel_files.hpp"
#include "trainers/data/image_cache.hpp"
#include "trainers/data/image_set.hpp"
#include "trainers/data/prepare.hpp"
#include "trainers/support/fallible.hpp"

namespace tune::trainer {

inline constexpr double kUsualMaxUnreadable = 0.01;  // share of the images of a channel

/// What to train on, as a user asks for it.
struct DataRequest {
  bool generate = false;                  ///< made-up images; paths do not matter
  std::string train = {};                 ///< what find_channel() takes
  std::string validation = {};            ///< the same path: both are in it
  std::string train_list = {};            ///< empty: none
  std::string validation_list = {};       ///< empty: none
  std::int64_t num_training_samples = 0;  ///< the first so many; 0: all
  std::int64_t num_classes = 0;           ///< 0: as many as the data have
  ImageShape image_shape = {};            ///< all zero: as the images are
  std::int64_t resize = 0;                ///< pixels; 0: none
  bool multi_label = false;
  std::int64_t mini_batch_size = 1;
  std::string cache_directory = kNoCache;
  double max_unreadable = kUsualMaxUnreadable;
};

/// Reads and prepares one channel. `train` is what was read before it: its shape and classes hold for validation too. Errors: as
/// find_channel() and load_images(), no images, and more unreadable ones than allowed.
Fallible<PreparedImages> read_channel(const DataRequest& request, Channel role, const PreparedImages* train, ChannelFiles& found);

/// Reads both, checks that they can be trained on (check_images.hpp), and leaves nothing open: shape and number of classes are
/// set.
Fallible<ImageData> read_images(const DataRequest& request);

}  // namespace tune::trainer
