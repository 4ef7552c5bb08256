#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "trainers/data/image_set.hpp"
#include "trainers/support/fallible.hpp"

namespace tune::trainer {

/// The binary version of CIFAR-10 or CIFAR-100 (Krizhevsky): rows of one or two label bytes, then 1,024 bytes each of red, green
/// and blue, 32 x 32.
struct CifarKind {
  std::string_view name;
  std::size_t label_bytes = 1;  ///< the last of them is the class: CIFAR-100's first one is the coarse label
  std::int32_t classes = 10;
  std::string_view names_file;  ///< beside the images, one class a line
};

inline constexpr CifarKind kCifar10{.name = "CIFAR-10", .label_bytes = 1, .classes = 10, .names_file = "batches.meta.txt"};
inline constexpr CifarKind kCifar100{.name = "CIFAR-100", .label_bytes = 2, .classes = 100, .names_file = "fine_label_names.txt"};

/// Reads the files one after the other, the first `limit` images (0: all). Errors name the file: unreadable, no images, not a
/// whole number of rows, a label that the kind does not have.
Fallible<ImageSet> read_cifar(const std::vector<std::string>& files, const CifarKind& kind, std::int64_t limit);

/// The names beside `file`; none when there are not as many as classes.
std::vector<std::string> cifar_class_names(const std::string& file, const CifarKind& kind);

}  // namespace tune::trainer
