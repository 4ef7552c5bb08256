#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "trainers/support/fallible.hpp"
#include "trainers/support/flat_json.hpp"
#include "trainers/support/safetensors.hpp"

/// The checkpoint's file, which knows nothing of training: named facts and named tensors. A safetensors file (Python reads it)
/// whose metadata begins with "tune.checkpoint", the version of this format, and "tune.crc32", the CRC-32 of the whole file as 8
/// hexadecimal digits, taken with zeros in their place; the facts follow. docs/trainer-files.md has it for people.
///
/// In a directory of checkpoints `last` is the newest and `previous` the one before it: while one is written the other is whole.
namespace tune::trainer {

inline constexpr const char* kLastCheckpoint = "last.safetensors";
inline constexpr const char* kPreviousCheckpoint = "previous.safetensors";
inline constexpr const char* kBestCheckpoint = "best.safetensors";
inline constexpr const char* kDamagedCheckpoint = "damaged.safetensors";
inline constexpr const char* kModelFile = "model.safetensors";  ///< of a model directory: what `best` is

/// CRC-32.
std::uint32_t checksum(std::string_view bytes);

struct Checkpoint {
  FlatObject facts;  ///< no name begins with "tune."
  std::vector<Tensor> blocks;

  /// Null when there is none of that name.
  [[nodiscard]] const std::string* fact(std::string_view name) const;
  [[nodiscard]] const Tensor* block(std::string_view name) const;
};

/// Fails where the format cannot hold it: a name twice, a shape that does not fit its bytes, text that is not UTF-8.
Fallible<std::string> encode_checkpoint(const Checkpoint& checkpoint);
/// Checks everything before it believes anything. The failure does not name the file.
Fallible<Checkpoint> decode_checkpoint(std::string_view bytes);

/// Makes the directory if need be and writes a file in it for a try.
Outcome check_writable(const std::string& directory);

/// Replaces the file in one step: after a crash or a full disk there is the old one or the new one, whole.
Outcome write_checkpoint(const std::string& path, const Checkpoint& checkpoint);
/// A file that is not there, not whole or not a checkpoint is a failure that names it.
Fallible<Checkpoint> read_checkpoint(const std::string& path);

/// Writes `last` in the directory and keeps the one before as `previous`. At no moment, whatever ends the process or the machine,
/// is there less than one whole checkpoint once there was one.
Outcome save_checkpoint(const std::string& directory, const Checkpoint& checkpoint);

struct LoadedCheckpoint {
  std::optional<Checkpoint> checkpoint;  ///< nothing: the directory has none
  std::string path;                      ///< where it was found
  std::string note;                      ///< for people; not empty when it is not `last` as it was saved
};

/// The newest whole checkpoint of the directory: `last`, or `previous` where the last is damaged or missing. A damaged `last` is
/// then renamed `damaged`, so that the next save does not keep it in place of the whole one. Fails when none is whole, and when
/// `last` is not ours: that is somebody's file, and stays.
Fallible<LoadedCheckpoint> load_checkpoint(const std::string& directory);

}  // namespace tune::trainer
