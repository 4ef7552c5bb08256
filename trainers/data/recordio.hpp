#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "trainers/support/fallible.hpp"

/// MXNet's RecordIO (dmlc-core, recordio.h): a file is a sequence of parts. A part is the magic number, a word whose upper 3 bits
/// say what the part is and whose lower 29 its payload's length, the payload, and zeros up to a multiple of 4; all little-endian.
/// A writer that meets the magic number at an aligned place of a payload leaves it out and begins a new part, so that whoever
/// looks for the magic number at aligned places finds only beginnings of parts; a reader puts it back between the parts it joins.
namespace tune::trainer {

inline constexpr std::uint32_t kRecordMagic = 0xced7230a;
inline constexpr std::uint32_t kMaxPartLength = (std::uint32_t{1} << 29) - 1;  // bytes

/// Where a whole record lies in its file.
struct RecordPlace {
  std::uint64_t offset = 0;  ///< bytes: of its first part's magic number
  std::uint64_t size = 0;    ///< bytes of its payload, the magic numbers between its parts included
  std::uint32_t parts = 0;
};

/// Something in a file that is no record; what follows it was found again by the next part that can begin a record.
struct RecordDamage {
  std::uint64_t offset = 0;  ///< bytes
  std::string what;
};

struct RecordIndex {
  std::vector<RecordPlace> records;
  std::vector<RecordDamage> damages;  ///< the first kNamedDamages of them
  std::uint64_t damage_count = 0;
};

inline constexpr std::size_t kNamedDamages = 16;

/// Goes once through the file, by its lengths; only where these lead astray the magic number is searched. Memory grows with the
/// records that are there. No more than `limit` records are looked for (0: all of them).
RecordIndex index_records(std::span<const std::uint8_t> file, std::uint64_t limit = 0);

/// A record's payload: a part of the file, or `joined` when it has several parts. REQUIRES: `place` is of this file's index.
std::span<const std::uint8_t> record_payload(std::span<const std::uint8_t> file, const RecordPlace& place,
                                             std::vector<std::uint8_t>& joined);

/// Compares an `.idx` file (lines "key TAB offset") with what was found. The failure names the first line that is no such line,
/// or whose offset is where no record begins, or says that the numbers of records differ.
Outcome check_index(const std::string& idx_text, const RecordIndex& index);

/// An image record's payload: 24 bytes (flag, label, two ids), `flag` labels when that is not 0, then the encoded image.
struct ImageRecord {
  std::vector<float> labels;  ///< one at least
  std::uint64_t id = 0;
  std::span<const std::uint8_t> image;
};

/// The failure says what of the payload is cut short.
Fallible<ImageRecord> read_image_record(std::span<const std::uint8_t> payload);

}  // namespace tune::trainer
