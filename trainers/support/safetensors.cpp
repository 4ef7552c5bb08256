#include "trainers/support/safetensors.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <cstring>
#include <numeric>
#include <set>
#include <utility>

#include "trainers/support/files.hpp"
#include "trainers/support/safetensors_header.hpp"

namespace tune::trainer {
namespace {

static_assert(std::endian::native == std::endian::little, "the values of a file are used as they are");

struct DtypeInfo {
  std::string_view name;
  Dtype dtype;
  std::size_t bytes;
};

constexpr std::array kDtypes{DtypeInfo{"F64", Dtype::kF64, 8}, DtypeInfo{"F32", Dtype::kF32, 4},
                             DtypeInfo{"F16", Dtype::kF16, 2}, DtypeInfo{"BF16", Dtype::kBF16, 2},
                             DtypeInfo{"I64", Dtype::kI64, 8}, DtypeInfo{"I32", Dtype::kI32, 4},
                             DtypeInfo{"U8", Dtype::kU8, 1}};

constexpr std::size_t kLengthBytes = 8;
constexpr std::size_t kAlignment = 8;  ///< of the first value, by the header's padding

const DtypeInfo& info_of(Dtype dtype) {
  return *std::find_if(kDtypes.begin(), kDtypes.end(), [&](const DtypeInfo& info) { return info.dtype == dtype; });
}

/// Bytes in memory, read from front to back.
class MemorySource {
 public:
  explicit MemorySource(std::string_view bytes) : bytes_(bytes) {}

  [[nodiscard]] std::uint64_t size() const { return bytes_.size(); }

  Outcome read(std::string& out) {
    out.assign(bytes_.substr(at_, out.size()));
    at_ += out.size();
    return {};
  }

 private:
  std::string_view bytes_;
  std::size_t at_ = 0;
};

class FileSource {
 public:
  FileSource(const Descriptor& file, std::uint64_t size) : file_(file), size_(size) {}

  [[nodiscard]] std::uint64_t size() const { return size_; }

  Outcome read(std::string& out) {
    for (std::size_t at = 0; at < out.size();) {
      const ssize_t count = ::read(file_.number(), out.data() + at, out.size() - at);
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return Failure{std::string("cannot be read: ") + std::strerror(errno)};
      if (count == 0) return Failure{"cut short while it was read"};
      at += static_cast<std::size_t>(count);
    }
    return {};
  }

 private:
  const Descriptor& file_;
  std::uint64_t size_;
};

/// Never asks the source for more than its size.
template <class Source>
Fallible<Safetensors> decode(Source source, const SeeBytes& see) {
  if (source.size() < kLengthBytes) return Failure{"cut short"};
  std::string length_text(kLengthBytes, '\0');
  if (auto failure = source.read(length_text)) return *failure;
  std::uint64_t length = 0;
  std::memcpy(&length, length_text.data(), kLengthBytes);
  if (length > kMaxHeaderBytes) return Failure{"no safetensors file: its header would have " + std::to_string(length) + " bytes"};
  if (length > source.size() - kLengthBytes)
    return Failure{"cut short, or no safetensors file: its header is longer than the file"};
  std::string text(length, '\0');
  if (auto failure = source.read(text)) return *failure;
  if (see) see(length_text + text);
  auto parsed = parse_safetensors_header(text, source.size() - kLengthBytes - length);
  if (!parsed.ok()) return parsed.failure();

  SafetensorsHeader& header = parsed.value();
  Safetensors result{.metadata = std::move(header.metadata), .tensors = std::vector<Tensor>(header.entries.size())};
  for (const std::size_t index : header.data_order) {
    TensorEntry& entry = header.entries[index];
    std::string bytes(entry.end - entry.begin, '\0');
    if (auto failure = source.read(bytes)) return *failure;
    if (see) see(bytes);
    result.tensors[index] = {
        .name = std::move(entry.name), .dtype = entry.dtype, .shape = std::move(entry.shape), .bytes = std::move(bytes)};
  }
  return result;
}

}  // namespace

std::string_view dtype_name(Dtype dtype) { return info_of(dtype).name; }
std::size_t bytes_per_value(Dtype dtype) { return info_of(dtype).bytes; }

std::optional<Dtype> dtype_named(std::string_view name) {
  const auto found = std::find_if(kDtypes.begin(), kDtypes.end(), [&](const DtypeInfo& info) { return info.name == name; });
  return found == kDtypes.end() ? std::nullopt : std::optional(found->dtype);
}

const Tensor* Safetensors::tensor(std::string_view name) const {
  const auto found = std::find_if(tensors.begin(), tensors.end(), [&](const Tensor& tensor) { return tensor.name == name; });
  return found == tensors.end() ? nullptr : &*found;
}

std::vector<std::string_view> SafetensorsPieces::all() const {
  std::vector<std::string_view> pieces{header};
  pieces.insert(pieces.end(), data.begin(), data.end());
  return pieces;
}

Fallible<SafetensorsPieces> encode_safetensors(std::span<const TensorView> tensors, const FlatObject& metadata) {
  SafetensorsHeader header{.metadata = metadata, .entries = {}, .data_order = {}};
  std::set<std::string_view> names{kMetadataName};
  for (const TensorView& tensor : tensors) {
    if (!names.insert(tensor.name).second) {
      return Failure{"safetensors: the name \"" + shown(tensor.name) + "\" is taken"};
    }
    const auto bytes = bytes_of_shape(tensor.dtype, tensor.shape);
    if (!bytes || *bytes != tensor.bytes.size()) {
      return Failure{"safetensors: the tensor \"" + shown(tensor.name) + "\" has " + std::to_string(tensor.bytes.size()) +
                     " bytes, which do not fit its shape"};
    }
    header.entries.push_back({.name = std::string(tensor.name), .dtype = tensor.dtype, .shape = tensor.shape});
  }
  std::set<std::string_view> texts;
  for (const auto& [name, value] : metadata) {
    if (!texts.insert(name).second) return Failure{"safetensors: \"" + shown(name) + "\" is in the metadata twice"};
  }
  std::vector<std::size_t> order(tensors.size());
  std::iota(order.begin(), order.end(), 0U);
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return bytes_per_value(tensors[a].dtype) > bytes_per_value(tensors[b].dtype);
  });
  SafetensorsPieces pieces;
  std::uint64_t at = 0;
  for (const std::size_t index : order) {
    header.entries[index].begin = at;
    header.entries[index].end = at += tensors[index].bytes.size();
    pieces.data.push_back(tensors[index].bytes);
  }
  auto text = write_safetensors_header(header);
  if (!text.ok()) return Failure{"safetensors: " + text.failure().message};
  text.value().append((kAlignment - text.value().size() % kAlignment) % kAlignment, ' ');
  const std::uint64_t length = text.value().size();
  if (length > kMaxHeaderBytes) return Failure{"safetensors: the names and the metadata are longer than 100 MB"};
  pieces.header.assign(reinterpret_cast<const char*>(&length), kLengthBytes);
  pieces.header += text.value();
  return pieces;
}

Outcome write_safetensors(const std::string& path, std::span<const TensorView> tensors, const FlatObject& metadata) {
  const auto pieces = encode_safetensors(tensors, metadata);
  if (!pieces.ok()) return Failure{path + ": " + pieces.failure().message};
  return replace_file(path, pieces.value().all());
}

Fallible<Safetensors> decode_safetensors(std::string_view bytes, const SeeBytes& see) { return decode(MemorySource(bytes), see); }

Fallible<Safetensors> read_safetensors(const std::string& path, const SeeBytes& see) {
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));  // a pipe would be waited for
  struct stat info {};
  if (!file.ok() || fstat(file.number(), &info) != 0) return system_failure(path, "cannot be read");
  if (!S_ISREG(info.st_mode)) return Failure{path + ": is no file"};
  auto result = decode(FileSource(file, static_cast<std::uint64_t>(info.st_size)), see);
  if (!result.ok()) return Failure{path + ": " + result.failure().message};
  return result;
}

}  // namespace tune::trainer
