#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "trainers/data/image_set.hpp"
#include "trainers/data/image_source.hpp"
#include "trainers/support/fallible.hpp"

/// From stored images to pixels that can be trained on.
namespace tune::trainer {

struct PreparationSettings {
  std::int64_t channels = 0;  ///< 1 or 3; 0: 3 if any image has colour
  std::int64_t height = 0;    ///< with width, what images will be cropped to; 0: their size, kUsualCrop where sizes differ
  std::int64_t width = 0;
  std::int64_t resize = 0;  ///< the shorter side first becomes so many pixels; 0: stays
  bool multi_label = false;
};

inline constexpr std::int64_t kUsualCrop = 224;  // pixels, SageMaker's default image_shape

/// Images that could not be read, or were changed in a way worth saying.
struct Trouble {
  std::int64_t images = 0;                         ///< there were, readable or not
  std::int64_t unreadable = 0;                     ///< of them
  std::vector<std::string> unreadable_names = {};  ///< the first kNamedImages: where, and why
  std::int64_t enlarged = 0;                       ///< were smaller than the crop
  std::string enlarged_name = {};                  ///< the first of them
};

inline constexpr std::size_t kNamedImages = 5;

/// A channel's images, ready for training.
struct PreparedImages {
  ImageSet set;
  ImageShape shape;  ///< that images are cropped to; none is smaller
  std::vector<std::string> class_names = {};
  std::vector<std::string> notes = {};
  Trouble trouble = {};
};

/// Takes the pixels of the next images. A failure ends the preparation.
using PixelSink = std::function<Outcome(std::span<const std::uint8_t>)>;

/// What settings leave open, decided by the headers of all images.
Fallible<PreparationSettings> decide(const ImageSource& source, PreparationSettings settings, int threads);

/// Decodes all images on so many threads, in batches, and gives their pixels to `sink` in order; the same images give the same
/// bytes however many threads there are. Images that cannot be read are left out. Places and labels of the result are those of
/// the pixels that were given away; its pixels, fingerprint and statistics are the caller's to fill in. Fails when a label is
/// none (with one label an image: a whole number >= 0; with multi_label: as many as the first image's, each 0 or 1), when `sink`
/// fails, or when memory runs out. REQUIRES: settings as decide() gives them.
struct PreparedTables {
  std::vector<ImagePlace> places;
  std::vector<std::int32_t> labels;
  std::int64_t labels_per_image = 1;
  std::uint64_t bytes = 0;  ///< of pixels
  Trouble trouble;
};
Fallible<PreparedTables> prepare(const ImageSource& source, const PreparationSettings& settings, int threads,
                                 const PixelSink& sink);

/// All of that in memory. `settings` may leave things open.
Fallible<PreparedImages> prepare_in_memory(const ImageSource& source, const PreparationSettings& settings, int threads);

}  // namespace tune::trainer
