#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "trainers/support/fallible.hpp"
#include "trainers/support/safetensors.hpp"

/// The JSON of a safetensors file.
namespace tune::trainer {

inline constexpr std::string_view kMetadataName = "__metadata__";
/// What the format's own readers take at most.
inline constexpr std::uint64_t kMaxHeaderBytes = 100'000'000;

struct TensorEntry {
  std::string name;
  Dtype dtype = Dtype::kF32;
  std::vector<std::int64_t> shape;
  std::uint64_t begin = 0;  ///< byte offsets from the end of the header
  std::uint64_t end = 0;
};

struct SafetensorsHeader {
  FlatObject metadata;
  std::vector<TensorEntry> entries;     ///< in the order of the text
  std::vector<std::size_t> data_order;  ///< indices of `entries`, by offset
};

/// The bytes that a tensor of this shape has, or nothing where no file could hold them.
std::optional<std::uint64_t> bytes_of_shape(Dtype dtype, const std::vector<std::int64_t>& shape);

/// `data_bytes`: what follows the header in the file; the tensors must fill it without a gap.
Fallible<SafetensorsHeader> parse_safetensors_header(std::string_view text, std::uint64_t data_bytes);

/// Unpadded. Fails where a name or text is not UTF-8.
Fallible<std::string> write_safetensors_header(const SafetensorsHeader& header);

}  // namespace tune::trainer
