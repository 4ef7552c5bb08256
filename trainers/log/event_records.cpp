#include "trainers/log/event_records.hpp"

#include <array>
#include <bit>
#include <cstring>

namespace tune::trainer {
namespace {

constexpr std::string_view kFileVersion = "brain.Event:2";
constexpr std::size_t kLengthBytes = 8;
constexpr std::size_t kCrcBytes = 4;
constexpr std::uint32_t kMaskDelta = 0xA282EAD8U;

// Field numbers of Event, Summary, Summary.Value and SessionLog.
constexpr std::uint32_t kWallTime = 1;
constexpr std::uint32_t kStep = 2;
constexpr std::uint32_t kVersion = 3;
constexpr std::uint32_t kSummary = 5;
constexpr std::uint32_t kSessionLog = 7;
constexpr std::uint32_t kSummaryValue = 1;
constexpr std::uint32_t kTag = 1;
constexpr std::uint32_t kSimpleValue = 2;
constexpr std::uint32_t kSessionStatus = 1;
constexpr std::uint64_t kSessionStart = 1;

enum WireType : std::uint32_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

constexpr std::array<std::uint32_t, 256> crc_table() {
  constexpr std::uint32_t kReversedPolynomial = 0x82F63B78U;
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t byte = 0; byte < table.size(); ++byte) {
    std::uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1U) != 0 ? kReversedPolynomial : 0U);
    table[byte] = crc;
  }
  return table;
}

std::uint32_t masked_crc(std::string_view bytes) { return std::rotr(crc32c(bytes), 15) + kMaskDelta; }

template <class Number>
std::string little_endian(Number number) {
  static_assert(std::endian::native == std::endian::little);
  return {reinterpret_cast<const char*>(&number), sizeof number};
}

template <class Number>
Number from_little_endian(std::string_view bytes) {
  Number number{};
  std::memcpy(&number, bytes.data(), sizeof number);
  return number;
}

std::string varint(std::uint64_t number) {
  std::string out;
  for (; number >= 0x80; number >>= 7) out += static_cast<char>(number | 0x80);
  return out + static_cast<char>(number);
}

std::string field(std::uint32_t number, WireType type, const std::string& content) {
  return varint(number << 3 | type) + content;
}
std::string bytes_field(std::uint32_t number, std::string_view bytes) {
  return field(number, kBytes, varint(bytes.size()) + std::string(bytes));
}

std::string begin_of_event(double wall_seconds, std::int64_t step) {
  return field(kWallTime, kFixed64, little_endian(wall_seconds)) +
         field(kStep, kVarint, varint(static_cast<std::uint64_t>(step)));
}

/// One field of a message after the other.
class FieldReader {
 public:
  explicit FieldReader(std::string_view bytes) : rest_(bytes) {}

  std::uint32_t number = 0;
  std::uint64_t whole = 0;   ///< of a varint
  std::string_view content;  ///< of the other types
  bool good = true;          ///< false: no message

  /// False at the end, and where there is no message.
  bool next() {
    if (rest_.empty() || !good) return false;
    std::uint64_t key = 0;
    good = take_varint(key) && take_content(static_cast<std::uint32_t>(key & 7U));
    number = static_cast<std::uint32_t>(key >> 3);
    return good;
  }

 private:
  bool take_varint(std::uint64_t& out) {
    out = 0;
    for (std::uint32_t shift = 0; shift < 64 && !rest_.empty(); shift += 7) {
      const auto byte = static_cast<unsigned char>(rest_.front());
      rest_.remove_prefix(1);
      out |= static_cast<std::uint64_t>(byte & 0x7FU) << shift;
      if (byte < 0x80) return true;
    }
    return false;
  }

  bool take_content(std::uint32_t type) {
    std::uint64_t length = 0;
    content = {};
    if (type == kVarint) return take_varint(whole);
    if (type == kFixed64)
      length = 8;
    else if (type == kFixed32)
      length = 4;
    else if (type != kBytes || !take_varint(length))
      return false;
    if (length > rest_.size()) return false;
    content = rest_.substr(0, length);
    rest_.remove_prefix(length);
    return true;
  }

  std::string_view rest_;
};

bool read_value(std::string_view bytes, ScalarEvent& event) {
  std::string tag;
  std::optional<float> value;
  FieldReader reader(bytes);
  while (reader.next()) {
    if (reader.number == kTag) tag = reader.content;
    if (reader.number == kSimpleValue && reader.content.size() == sizeof(float))
      value = from_little_endian<float>(reader.content);
  }
  if (reader.good && value) event.scalars.emplace_back(std::move(tag), *value);
  return reader.good;
}

bool read_summary(std::string_view bytes, ScalarEvent& event) {
  FieldReader reader(bytes);
  while (reader.next()) {
    if (reader.number == kSummaryValue && !read_value(reader.content, event)) return false;
  }
  return reader.good;
}

}  // namespace

std::uint32_t crc32c(std::string_view bytes) {
  static constexpr std::array<std::uint32_t, 256> kTable = crc_table();
  std::uint32_t crc = ~0U;
  for (const char c : bytes) crc = (crc >> 8) ^ kTable[(crc ^ static_cast<unsigned char>(c)) & 0xFFU];
  return ~crc;
}

std::string record_of(std::string_view bytes) {
  const std::string length = little_endian(std::uint64_t{bytes.size()});
  return length + little_endian(masked_crc(length)) + std::string(bytes) + little_endian(masked_crc(bytes));
}

std::string version_event(double wall_seconds) {
  return field(kWallTime, kFixed64, little_endian(wall_seconds)) + bytes_field(kVersion, kFileVersion);
}

std::string session_start_event(double wall_seconds, std::int64_t step) {
  return begin_of_event(wall_seconds, step) + bytes_field(kSessionLog, field(kSessionStatus, kVarint, varint(kSessionStart)));
}

std::string scalar_event(const ScalarEvent& event) {
  std::string summary;
  for (const auto& [tag, value] : event.scalars) {
    summary += bytes_field(kSummaryValue, bytes_field(kTag, tag) + field(kSimpleValue, kFixed32, little_endian(value)));
  }
  return begin_of_event(event.wall_seconds, event.step) + bytes_field(kSummary, summary);
}

std::optional<std::string_view> next_record(std::string_view& bytes) {
  if (bytes.size() < kLengthBytes + kCrcBytes) return std::nullopt;
  const std::string_view length_text = bytes.substr(0, kLengthBytes);
  if (from_little_endian<std::uint32_t>(bytes.substr(kLengthBytes, kCrcBytes)) != masked_crc(length_text)) return std::nullopt;
  const auto length = from_little_endian<std::uint64_t>(length_text);
  std::string_view rest = bytes.substr(kLengthBytes + kCrcBytes);
  if (rest.size() < kCrcBytes || length > rest.size() - kCrcBytes) return std::nullopt;
  const std::string_view content = rest.substr(0, length);
  if (from_little_endian<std::uint32_t>(rest.substr(length, kCrcBytes)) != masked_crc(content)) return std::nullopt;
  bytes = rest.substr(length + kCrcBytes);
  return content;
}

std::optional<ScalarEvent> parse_event(std::string_view bytes) {
  ScalarEvent event;
  FieldReader reader(bytes);
  while (reader.next()) {
    if (reader.number == kWallTime && reader.content.size() == sizeof(double))
      event.wall_seconds = from_little_endian<double>(reader.content);
    if (reader.number == kStep && reader.content.empty()) event.step = static_cast<std::int64_t>(reader.whole);
    if (reader.number == kSummary && !read_summary(reader.content, event)) return std::nullopt;
  }
  if (!reader.good) return std::nullopt;
  return event;
}

}  // namespace tune::trainer
