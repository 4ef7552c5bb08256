#include "trainers/data/recordio.hpp"

#include <vector>

#include "tests/fuzz/targets.hpp"

namespace tune::fuzz {

void run_records(std::string_view input) {
  // Where a function may read is exactly where the input lies.
  const std::vector<std::uint8_t> file(input.begin(), input.end());
  const trainer::RecordIndex index = trainer::index_records(file);
  std::uint64_t end = 0;
  std::uint64_t total = 0;
  std::vector<std::uint8_t> joined;
  for (const trainer::RecordPlace& place : index.records) {
    require(place.offset >= end && place.offset % 4 == 0, "records follow one another at aligned places");
    end = place.offset + 8;
    const auto payload = trainer::record_payload(file, place, joined);
    require(payload.size() == place.size, "a payload is as long as the index says");
    total += payload.size() + 4;
    const auto record = trainer::read_image_record(payload);
    if (!record.ok()) {
      require(!record.failure().message.empty(), "a failure has a message");
    } else {
      require(!record.value().labels.empty(), "an image has a label");
      require(record.value().image.size() + 24 <= payload.size(), "an image lies in its payload");
    }
  }
  require(total <= file.size(), "payloads are no longer than the file");
  require(index.damages.size() <= index.damage_count, "what is named is counted");
  require((index.damage_count > 0) == !index.damages.empty(), "what is counted is named");
  require(trainer::index_records(file, 1).records.size() <= 1, "no more records than asked for");
  static_cast<void>(trainer::check_index(std::string(input), index));
}

}  // namespace tune::fuzz
