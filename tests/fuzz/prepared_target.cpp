#include "trainers/data/prepared_file.hpp"

#include <cstring>
#include <vector>

#include "tests/fuzz/targets.hpp"

namespace tune::fuzz {
namespace {

void look_at(const std::vector<std::uint8_t>& file) {
  trainer::SourceKey key{};
  if (file.size() >= 32) std::memcpy(key.data(), file.data() + 16, sizeof key);
  const auto images = trainer::open_prepared(file, nullptr, key);
  if (!images.ok()) return require(!images.failure().message.empty(), "a failure has a message");
  const trainer::ImageSet& set = images.value().set;
  require(set.labels.size() == set.places.size() * static_cast<std::size_t>(set.labels_per_image), "every image has its labels");
  std::uint64_t sum = 0;
  for (const trainer::ImagePlace& place : set.places) {
    require(place.height >= images.value().shape.height && place.width >= images.value().shape.width, "an image holds its crop");
    const auto size = static_cast<std::size_t>(place.height) * static_cast<std::size_t>(place.width * set.channels);
    const auto pixels = set.pixels.subspan(place.offset, size);
    if (size > 0) sum += std::uint64_t{pixels.front()} + pixels.back();
  }
  for (const std::int32_t label : set.labels) require(label >= 0, "a label is one");
  require(sum <= 510 * set.places.size(), "pixels are bytes");
}

}  // namespace

void run_prepared(std::string_view input) {
  std::vector<std::uint8_t> file(input.begin(), input.end());
  look_at(file);
  trainer::seal_prepared(file);
  look_at(file);
}

}  // namespace tune::fuzz
