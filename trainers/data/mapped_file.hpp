#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "trainers/support/fallible.hpp"

namespace tune::trainer {

/// A file's bytes, mapped read-only: they are read when they are looked at, and processes that map the same file share them.
struct MappedFile {
  std::span<const std::uint8_t> bytes;
  std::shared_ptr<const void> owner;  ///< the mapping stays as long as this
};

/// Errors name the file: it cannot be opened, is no regular file, cannot be mapped.
Fallible<MappedFile> map_file(const std::string& path);

/// Maps an open file; `path` is for messages.
Fallible<MappedFile> map_descriptor(int descriptor, const std::string& path);

/// Replaces `bytes` by the whole file, or its first `limit` bytes (0: all). Errors as above.
Outcome read_bytes(const std::string& path, std::vector<std::uint8_t>& bytes, std::uint64_t limit = 0);

}  // namespace tune::trainer
