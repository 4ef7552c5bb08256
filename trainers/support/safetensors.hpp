#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "trainers/support/fallible.hpp"
#include "trainers/support/flat_json.hpp"

/// The safetensors format (https://github.com/huggingface/safetensors, "Format"), which Python, Rust and others read:
///   length N of the header, 8 bytes, little-endian; N bytes of JSON
///   {"__metadata__": {text: text}, NAME: {"dtype": "F32", "shape": [2, 3], "data_offsets": [begin, end]}, ...}, padded with
///   blanks; then the tensors' values, little-endian, without gaps; offsets count from there.
namespace tune::trainer {

enum class Dtype { kF64, kF32, kF16, kBF16, kI64, kI32, kU8 };

/// As the format writes it: "F32".
std::string_view dtype_name(Dtype dtype);
std::optional<Dtype> dtype_named(std::string_view name);
std::size_t bytes_per_value(Dtype dtype);

/// A tensor that holds its values, as read from a file.
struct Tensor {
  std::string name;
  Dtype dtype = Dtype::kF32;
  std::vector<std::int64_t> shape;  ///< empty: a single number
  std::string bytes;                ///< row by row, little-endian

  friend bool operator==(const Tensor&, const Tensor&) = default;
};

/// A tensor to be written, its values somewhere else.
struct TensorView {
  TensorView(std::string_view name_, Dtype dtype_, std::vector<std::int64_t> shape_, std::string_view bytes_)
      : name(name_), dtype(dtype_), shape(std::move(shape_)), bytes(bytes_) {}
  TensorView(const Tensor& tensor) : TensorView(tensor.name, tensor.dtype, tensor.shape, tensor.bytes) {}  // NOLINT: a view of it

  std::string_view name;
  Dtype dtype;
  std::vector<std::int64_t> shape;
  std::string_view bytes;
};

struct Safetensors {
  FlatObject metadata;
  std::vector<Tensor> tensors;  ///< in the order of the header

  /// Null when there is none of that name.
  [[nodiscard]] const Tensor* tensor(std::string_view name) const;
};

/// A file to be written: the header with its length, then the values of the tensors. `data` are views of what the tensors view.
struct SafetensorsPieces {
  std::string header;
  std::vector<std::string_view> data;

  [[nodiscard]] std::vector<std::string_view> all() const;
};

/// The header has the order that is given here; the values are ordered by the size of their type, so that each lies where it can
/// be used in place. Fails on a name that is there twice, "__metadata__" or no UTF-8, and where a shape and its bytes disagree.
Fallible<SafetensorsPieces> encode_safetensors(std::span<const TensorView> tensors, const FlatObject& metadata);

/// Replaces the file in one step (replace_file).
Outcome write_safetensors(const std::string& path, std::span<const TensorView> tensors, const FlatObject& metadata = {});

/// Is given all bytes of a file in their order, in pieces, the first the whole header with its length.
using SeeBytes = std::function<void(std::string_view)>;

/// Checks every field before it believes any; memory grows with what is read, never with what the header claims. Types that are
/// not among `Dtype` are a failure. The failure does not name the file.
Fallible<Safetensors> decode_safetensors(std::string_view bytes, const SeeBytes& see = {});

/// The same of a file, which is read once from its beginning to its end. The failure names the file.
Fallible<Safetensors> read_safetensors(const std::string& path, const SeeBytes& see = {});

}  // namespace tune::trainer
