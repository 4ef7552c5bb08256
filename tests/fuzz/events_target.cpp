// An event file of the trainer, or one event: what is read of it is written the same.

#include "tests/fuzz/targets.hpp"
#include "trainers/log/event_records.hpp"

namespace tune::fuzz {

namespace {

using namespace trainer;

void check_event(std::string_view bytes) {
  const auto event = parse_event(bytes);
  if (!event) return;
  const std::string written = scalar_event(*event);
  const auto again = parse_event(written);
  require(again.has_value() && scalar_event(*again) == written, "an event that was read comes back");  // by bytes: NaN is not NaN
}

}  // namespace

void run_events(std::string_view input) {
  const std::string bytes(input);  // a copy, so that reading beyond it is found
  std::string_view rest = bytes;
  std::string written;
  while (const auto record = next_record(rest)) {
    check_event(*record);
    written += record_of(*record);
  }
  require(bytes.starts_with(written) && written.size() + rest.size() == bytes.size(), "records come back as they were read");
  check_event(bytes);
}

}  // namespace tune::fuzz
