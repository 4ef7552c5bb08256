#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "trainers/data/prepare.hpp"
#include "trainers/support/fallible.hpp"

/// Prepared images in a file that is mapped, not read: a page of header, the pixels, and tables of places, labels and texts.
/// Numbers are as the machine keeps them, and the file is only for the machine that wrote it: docs/trainer-data.md says where it
/// lies.
namespace tune::trainer {

/// What a prepared file was made of: sources and settings, hashed.
using SourceKey = std::array<std::uint64_t, 2>;

inline constexpr std::uint32_t kPreparedVersion = 1;
inline constexpr std::uint64_t kPreparedPage = 4096;  // bytes: the header's, and what the pixels are aligned to

/// Writes a whole prepared file to an open empty file, and syncs it. Fails as prepare() does, and when it cannot be written,
/// which `unwritable` tells.
Outcome write_prepared(int descriptor, const SourceKey& key, const ImageSource& source, const PreparationSettings& settings,
                       int threads, bool& unwritable);

/// Looks at the header and tables of a prepared file; pixels are only mapped. `owner` keeps `bytes`. Every field is checked, as
/// if somebody else had written it. Fails when it is not one, is of another version or of other sources, or is damaged.
Fallible<PreparedImages> open_prepared(std::span<const std::uint8_t> bytes, std::shared_ptr<const void> owner,
                                       const SourceKey& key);

/// Puts the checksums of `file` right, as far as its header can be followed. For tests that change a file.
void seal_prepared(std::span<std::uint8_t> file);

}  // namespace tune::trainer
