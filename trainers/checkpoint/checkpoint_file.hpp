#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "trainers/support/fallible.hpp"
#include "trainers/support/flat_json.hpp"

/// The checkpoint's file format, which knows nothing of training: named facts and named blocks of bytes.
///   "tune-checkpoint 1\n", header length as 8 bytes (little-endian), header (a flat JSON object: the facts, and for each block
///   "block:NAME" with its length), the blocks one after the other in the header's order, CRC-32 of all before as 4 bytes.
namespace tune::trainer {

/// CRC-32.
std::uint32_t checksum(std::string_view bytes);

struct Checkpoint {
  FlatObject facts;
  std::vector<std::pair<std::string, std::string>> blocks;

  /// Null when there is none of that name.
  [[nodiscard]] const std::string* fact(std::string_view name) const;
  [[nodiscard]] const std::string* block(std::string_view name) const;
};

std::string encode_checkpoint(const Checkpoint& checkpoint);
/// Checks everything before it believes anything. The failure does not name the file.
Fallible<Checkpoint> decode_checkpoint(std::string_view bytes);

/// Makes the directory if need be and writes a file in it for a try.
Outcome check_writable(const std::string& directory);

/// Replaces the file in one step: after a crash or a full disk there is the old one or the new one, whole.
Outcome save_checkpoint(const std::string& path, const Checkpoint& checkpoint);

/// Nothing when there is no such file. A damaged file is a failure.
Fallible<std::optional<Checkpoint>> load_checkpoint(const std::string& path);

}  // namespace tune::trainer
