#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "trainers/data/channel_files.hpp"
#include "trainers/data/decode.hpp"
#include "trainers/data/image_set.hpp"

namespace tune::trainer {

/// One channel's images as they are stored. Thread-safe: each thread brings its own Reader.
class ImageSource {
 public:
  /// What a thread keeps between images.
  struct Reader {
    Decoder decoder;
    std::vector<std::uint8_t> bytes;
  };

  virtual ~ImageSource() = default;
  [[nodiscard]] virtual std::int64_t size() const = 0;
  /// How messages call an image. REQUIRES here and below: 0 <= i < size().
  [[nodiscard]] virtual std::string name(std::int64_t i) const = 0;
  virtual Fallible<ImageHeader> header(std::int64_t i, Reader& reader) const = 0;
  /// `image` with so many channels (1 or 3) and its labels, as they stand in the data.
  virtual Outcome read(std::int64_t i, std::int64_t channels, Reader& reader, Image& image, std::vector<float>& labels) const = 0;

  /// What was found beside the images and cannot be read, as messages name it: the first of it, and how much there is.
  [[nodiscard]] virtual std::vector<std::string> damages() const { return {}; }
  [[nodiscard]] virtual std::uint64_t damage_count() const { return 0; }
  [[nodiscard]] virtual std::vector<std::string> notes() const { return {}; }
  [[nodiscard]] virtual std::vector<std::string> class_names() const { return {}; }
  /// The whole set, where it lies in memory as it is to be used: nothing needs decoding.
  [[nodiscard]] virtual std::optional<ImageSet> as_it_is() const { return std::nullopt; }
};

/// Opens what find_channel() found; of the images the first `limit` (0: all). Errors name the file: it cannot be read, or is not
/// of its format. What is wrong with single images shows when these are read.
Fallible<std::unique_ptr<ImageSource>> open_source(const ChannelFiles& files, std::int64_t limit);

/// One for each format.
Fallible<std::unique_ptr<ImageSource>> open_records(const ChannelFiles& files, std::int64_t limit);
std::unique_ptr<ImageSource> open_listed(const ChannelFiles& files, std::int64_t limit);
std::unique_ptr<ImageSource> source_of(ImageSet set, const std::string& path, std::vector<std::string> class_names);

}  // namespace tune::trainer
