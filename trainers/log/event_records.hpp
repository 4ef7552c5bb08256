#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// What TensorBoard's event files are made of: records with checksums (TensorFlow, "TFRecord"), each an Event in the encoding of
/// protocol buffers (tensorflow/core/util/event.proto; https://protobuf.dev/programming-guides/encoding). Only what a trainer
/// writes: the version, the begin of a session, and scalars.
namespace tune::trainer {

/// CRC-32C (Castagnoli), as RFC 3720, B.4 has it.
std::uint32_t crc32c(std::string_view bytes);

struct ScalarEvent {
  double wall_seconds = 0;  ///< since 1970
  std::int64_t step = 0;
  std::vector<std::pair<std::string, float>> scalars;  ///< tag and value

  friend bool operator==(const ScalarEvent&, const ScalarEvent&) = default;
};

/// Length, masked CRC-32C of the length, bytes, masked CRC-32C of the bytes.
std::string record_of(std::string_view bytes);

/// The first record of every file.
std::string version_event(double wall_seconds);
/// Tells readers that follow a run to forget what they have at `step` and later.
std::string session_start_event(double wall_seconds, std::int64_t step);
std::string scalar_event(const ScalarEvent& event);

/// Takes the first record off `bytes` and gives what it holds; nothing where that is cut short or damaged, or there is none.
std::optional<std::string_view> next_record(std::string_view& bytes);

/// An event of any kind; those without scalars have none. Nothing where it is no event.
std::optional<ScalarEvent> parse_event(std::string_view bytes);

}  // namespace tune::trainer
