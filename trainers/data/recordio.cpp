#include "trainers/data/recordio.hpp"

#include <algorithm>
#include <cstring>
#include <optional>
#include <string_view>

#include "trainers/support/numbers.hpp"

namespace tune::trainer {
namespace {

constexpr std::size_t kHead = 8;        // bytes before a part's payload
constexpr std::size_t kImageHead = 24;  // bytes before an image record's labels

/// What the upper bits of a part's second word say.
enum PartKind : std::uint32_t { kWhole = 0, kFirst = 1, kMiddle = 2, kLast = 3 };

std::uint32_t word_at(std::span<const std::uint8_t> bytes, std::uint64_t offset) {
  const std::uint8_t* at = bytes.data() + offset;
  return std::uint32_t{at[0]} | std::uint32_t{at[1]} << 8 | std::uint32_t{at[2]} << 16 | std::uint32_t{at[3]} << 24;
}

std::uint64_t long_at(std::span<const std::uint8_t> bytes, std::uint64_t offset) {
  return word_at(bytes, offset) | std::uint64_t{word_at(bytes, offset + 4)} << 32;
}

float float_at(std::span<const std::uint8_t> bytes, std::uint64_t offset) {
  const std::uint32_t word = word_at(bytes, offset);
  float number = 0;
  std::memcpy(&number, &word, sizeof number);
  return number;
}

std::uint64_t padded(std::uint64_t length) { return (length + 3) / 4 * 4; }

struct Part {
  std::uint32_t kind = 0;
  std::uint64_t length = 0;
};

/// The part that begins at `offset`, or why there is none.
std::optional<Part> part_at(std::span<const std::uint8_t> file, std::uint64_t offset, std::string& problem) {
  if (file.size() - offset < kHead) {
    problem = "the file ends within the head of a record";
    return std::nullopt;
  }
  if (word_at(file, offset) != kRecordMagic) {
    problem = "no record begins here (the magic number 0xced7230a is missing)";
    return std::nullopt;
  }
  const std::uint32_t word = word_at(file, offset + 4);
  const Part part{.kind = word >> 29, .length = word & kMaxPartLength};
  if (part.kind > kLast) {
    problem = "a part of a record of kind " + std::to_string(part.kind) + "; known: 0 to 3";
    return std::nullopt;
  }
  if (file.size() - offset - kHead < part.length) {
    problem = "cut short: a record of " + std::to_string(part.length) + " bytes, of which " +
              std::to_string(file.size() - offset - kHead) + " are there";
    return std::nullopt;
  }
  return part;
}

/// The whole record that begins at `offset`, or why there is none. `next`: where reading goes on after it.
std::optional<RecordPlace> record_at(std::span<const std::uint8_t> file, std::uint64_t offset, std::uint64_t& next,
                                     std::string& problem) {
  RecordPlace place{.offset = offset};
  for (next = offset;;) {
    const auto part = next < file.size() ? part_at(file, next, problem) : std::nullopt;
    if (next >= file.size()) problem = "cut short: a record in parts whose last one is missing";
    if (!part) return std::nullopt;
    const bool begins = part->kind == kWhole || part->kind == kFirst;
    if (begins != (place.parts == 0)) {
      problem = place.parts == 0 ? "a later part of a record whose first one is missing"
                                 : "a record in parts whose last one is missing";
      return std::nullopt;
    }
    place.size += part->length + (place.parts == 0 ? 0 : sizeof kRecordMagic);
    ++place.parts;
    next = std::min<std::uint64_t>(next + kHead + padded(part->length), file.size());
    if (part->kind == kWhole || part->kind == kLast) return place;
  }
}

/// The next aligned place at or after `offset` where a record can begin; the file's end when there is none.
std::uint64_t next_beginning(std::span<const std::uint8_t> file, std::uint64_t offset) {
  for (offset = padded(offset); file.size() >= kHead && offset <= file.size() - kHead; offset += 4) {
    if (word_at(file, offset) == kRecordMagic && word_at(file, offset + 4) >> 29 <= kFirst) return offset;
  }
  return file.size();
}

}  // namespace

RecordIndex index_records(std::span<const std::uint8_t> file, std::uint64_t limit) {
  RecordIndex index;
  for (std::uint64_t offset = 0; offset < file.size() && (limit == 0 || index.records.size() < limit);) {
    std::uint64_t next = offset;
    std::string problem;
    if (const auto place = record_at(file, offset, next, problem)) {
      index.records.push_back(*place);
    } else {
      if (++index.damage_count <= kNamedDamages) index.damages.push_back({.offset = offset, .what = problem});
      next = next_beginning(file, offset + 4);
    }
    offset = next;
  }
  return index;
}

std::span<const std::uint8_t> record_payload(std::span<const std::uint8_t> file, const RecordPlace& place,
                                             std::vector<std::uint8_t>& joined) {
  if (place.parts == 1) return file.subspan(place.offset + kHead, place.size);
  joined.clear();
  joined.reserve(place.size);
  std::uint64_t offset = place.offset;
  for (std::uint32_t part = 0; part < place.parts; ++part) {
    if (part > 0) {
      for (unsigned shift = 0; shift < 32; shift += 8) joined.push_back(static_cast<std::uint8_t>(kRecordMagic >> shift));
    }
    const std::uint64_t length = word_at(file, offset + 4) & kMaxPartLength;
    const auto payload = file.subspan(offset + kHead, length);
    joined.insert(joined.end(), payload.begin(), payload.end());
    offset += kHead + padded(length);
  }
  return joined;
}

Outcome check_index(const std::string& idx_text, const RecordIndex& index) {
  std::string_view rest = idx_text;
  std::uint64_t lines = 0;
  for (std::uint64_t number = 1; !rest.empty(); ++number) {
    std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) continue;
    const std::size_t tab = line.find('\t');
    const auto offset = tab == std::string_view::npos ? std::nullopt : parse_number<std::uint64_t>(line.substr(tab + 1));
    if (!offset) return Failure{"line " + std::to_string(number) + " is not a key, a tab and an offset"};
    const auto found = std::ranges::lower_bound(index.records, *offset, {}, &RecordPlace::offset);
    if (found == index.records.end() || found->offset != *offset) {
      return Failure{"line " + std::to_string(number) + " says " + std::to_string(*offset) + ", where no record begins"};
    }
    ++lines;
  }
  if (lines == index.records.size()) return {};
  return Failure{std::to_string(lines) + " lines, but there are " + std::to_string(index.records.size()) + " records"};
}

Fallible<ImageRecord> read_image_record(std::span<const std::uint8_t> payload) {
  if (payload.size() < kImageHead) {
    return Failure{"a record of " + std::to_string(payload.size()) + " bytes; an image record has at least " +
                   std::to_string(kImageHead)};
  }
  ImageRecord record;
  record.id = long_at(payload, 8);
  const std::uint64_t labels = word_at(payload, 0);
  payload = payload.subspan(kImageHead);
  if (labels > payload.size() / sizeof(float)) {
    return Failure{"a record that announces " + std::to_string(labels) + " labels and has " + std::to_string(payload.size()) +
                   " bytes for them"};
  }
  if (labels == 0) record.labels.push_back(float_at({payload.data() - kImageHead, kImageHead}, 4));
  for (std::uint64_t i = 0; i < labels; ++i) record.labels.push_back(float_at(payload, i * sizeof(float)));
  record.image = payload.subspan(labels * sizeof(float));
  return record;
}

}  // namespace tune::trainer
