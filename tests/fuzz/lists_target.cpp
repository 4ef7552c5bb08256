#include <cmath>
#include <fstream>

#include "tests/fuzz/targets.hpp"
#include "trainers/data/channel_files.hpp"
#include "trainers/data/cifar.hpp"
#include "trainers/data/idx.hpp"

namespace tune::fuzz {
namespace {

void require_sound(const trainer::Fallible<trainer::ImageSet>& set, std::string_view input) {
  if (!set.ok()) return require(!set.failure().message.empty(), "a failure has a message");
  require(set.value().labels.size() == set.value().places.size(), "every image has a label");
  for (const trainer::ImagePlace& place : set.value().places) {
    const auto size = static_cast<std::uint64_t>(place.height) * static_cast<std::uint64_t>(place.width) *
                      static_cast<std::uint64_t>(set.value().channels);
    require(place.offset + size <= set.value().pixels.size(), "every image is within the pixels");
  }
  require(input.size() < 2 || input.substr(0, 2) == "\x1f\x8b" || set.value().pixels.size() <= input.size(),
          "there are no more pixels than bytes");
}

}  // namespace

void run_lists(std::string_view input) {
  const auto images = trainer::parse_list(input, "root");
  if (!images.ok()) {
    require(!images.failure().message.empty(), "a failure has a message");
  } else {
    for (const trainer::ListedImage& image : images.value()) {
      require(!image.labels.empty() && !image.path.empty(), "an image has a label and a path");
      for (const float label : image.labels) require(std::isfinite(label), "a label is a number");
    }
  }
  static const std::string kPath = empty_directory() + "/file";
  std::ofstream(kPath, std::ios::binary) << input;
  require_sound(trainer::read_cifar({kPath}, trainer::kCifar10, 0), input);
  require_sound(trainer::read_cifar({kPath}, trainer::kCifar100, 3), input);
  require_sound(trainer::read_idx(kPath, kPath, 0), input);
  const std::string labels = kPath + ".labels";  // as many as the images' header says
  if (input.size() >= 8) {
    std::ofstream out(labels, std::ios::binary);
    out << std::string("\0\0\x08\x01", 4) << input.substr(4, 4) << std::string(static_cast<unsigned char>(input[7]), '\1');
  }
  if (input.size() >= 8) require_sound(trainer::read_idx(kPath, labels, 0), input);
}

}  // namespace tune::fuzz
