#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "trainers/data/image_set.hpp"
#include "trainers/support/fallible.hpp"

/// The IDX format of MNIST and its descendants: big-endian magic 0x0000080D (D dimensions, unsigned bytes), D sizes, then bytes;
/// plain or gzip-compressed, which is told from the content, not from the name.
namespace tune::trainer {

/// Reads an images file and its labels file. Images beyond the first `limit` are not read (0: all are read, and the files must
/// end where their headers say). Errors name the file: unreadable, another magic, cut short, longer than its header says, unequal
/// counts.
Fallible<ImageSet> read_idx(const std::string& images_path, const std::string& labels_path, std::int64_t limit);

}  // namespace tune::trainer
