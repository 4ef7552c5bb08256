#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "trainers/data/decode.hpp"
#include "trainers/data/image_set.hpp"
#include "trainers/data/read_images.hpp"
#include "trainers/support/fallible.hpp"

namespace tune::trainer {

/// What one channel holds, as it is stored: nothing is resized or left out.
struct Inspection {
  ChannelFiles files;
  std::uint64_t bytes = 0;  ///< of the files
  std::int64_t images = 0;  ///< readable ones
  std::int64_t grey = 0;    ///< of them
  std::int64_t unreadable = 0;
  std::vector<std::string> unreadable_names = {};                            ///< the first kNamedImages
  std::map<std::pair<std::int64_t, std::int64_t>, std::int64_t> sizes = {};  ///< (height, width): images
  std::map<float, std::int64_t> labels = {};                                 ///< of images with one label
  std::vector<std::int64_t> positives = {};                                  ///< of images with several: how many have each
  std::int64_t channels = 1;                                                 ///< 3 where any image has colour
  ChannelStatistics statistics;                                              ///< over all pixels, in so many channels
  std::vector<std::string> class_names = {};
  std::vector<std::string> notes = {};
  std::map<float, std::vector<Image>> samples = {};  ///< by label (of several: the first that is set), small, in colour
};

inline constexpr std::int64_t kSampleSide = 64;     // pixels
inline constexpr std::size_t kSamplesOfClass = 10;  // images
inline constexpr std::size_t kSampledClasses = 40;

/// Reads every image at the path once. Both channels, where both are there; else one. Errors: as find_channel() and
/// open_source().
Fallible<std::vector<Inspection>> inspect(const std::string& path);

/// For people: format, counts by class, sizes, statistics, and what cannot be read.
std::string text_of(const Inspection& inspection);

/// A PNG file with a row of sample images for each class, its number before them. Errors: the file cannot be written.
Outcome write_contact_sheet(const Inspection& inspection, const std::string& path);

}  // namespace tune::trainer
