#include "trainers/checkpoint/checkpoint_file.hpp"

#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <utility>

#include "trainers/support/files.hpp"

namespace tune::trainer {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kFormatName = "tune.checkpoint";
constexpr std::string_view kFormatVersion = "2";
constexpr std::string_view kCrcName = "tune.crc32";
constexpr std::string_view kNoCrc = "00000000";
/// How the header of every checkpoint begins, up to the digits of its checksum.
constexpr std::string_view kMark = R"({"__metadata__":{"tune.checkpoint":"2","tune.crc32":")";
constexpr std::size_t kMarkAt = sizeof(std::uint64_t);
constexpr std::size_t kCrcAt = kMarkAt + kMark.size();
constexpr std::string_view kBeginAnew = "; remove it to train from the beginning";

/// CRC-32 of bytes that come in pieces.
class Crc {
 public:
  void add(std::string_view bytes) {
    crc_ = static_cast<std::uint32_t>(crc32_z(crc_, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
  }
  [[nodiscard]] std::uint32_t value() const { return crc_; }
  [[nodiscard]] std::string text() const {
    char digits[kNoCrc.size() + 1];
    std::snprintf(digits, sizeof digits, "%08x", crc_);
    return digits;
  }

 private:
  std::uint32_t crc_ = 0;
};

enum class Kind { kOurs, kDamaged, kForeign };

/// By the first bytes of a file. One that ends before they do, or holds only zeros there, is one of ours that a crash has torn.
Kind kind_of(std::string_view bytes) {
  if (bytes.size() >= kCrcAt && bytes.substr(kMarkAt, kMark.size()) == kMark) return Kind::kOurs;
  const std::string_view mark = bytes.substr(std::min(kMarkAt, bytes.size()), kMark.size());
  const bool zeros = std::all_of(bytes.begin(), bytes.end(), [](char c) { return c == '\0'; });
  return zeros || (bytes.size() < kCrcAt && kMark.starts_with(mark)) ? Kind::kDamaged : Kind::kForeign;
}

/// Takes the checksum of a file while it is read.
class Verifier {
 public:
  [[nodiscard]] SeeBytes eyes() {
    return [this](std::string_view bytes) {
      if (!std::exchange(at_begin_, false) || bytes.size() < kCrcAt + kNoCrc.size()) return crc_.add(bytes);
      stored_ = bytes.substr(kCrcAt, kNoCrc.size());
      crc_.add(bytes.substr(0, kCrcAt));
      crc_.add(kNoCrc);
      crc_.add(bytes.substr(kCrcAt + kNoCrc.size()));
    };
  }
  [[nodiscard]] bool right() const { return stored_ == crc_.text(); }

 private:
  Crc crc_;
  bool at_begin_ = true;
  std::string stored_;
};

constexpr const char* kForeignText = "is no checkpoint of tune-train-image";

/// `read` gives the safetensors file to the eyes of a verifier.
template <class Read>
Fallible<Checkpoint> verified(std::string_view first_bytes, const Read& read) {
  if (kind_of(first_bytes) == Kind::kForeign) return Failure{kForeignText};
  if (kind_of(first_bytes) == Kind::kDamaged) return Failure{"damaged: cut short"};
  Verifier verifier;
  Fallible<Safetensors> file = read(verifier.eyes());
  if (!file.ok()) return file.failure();
  if (!verifier.right()) return Failure{"damaged: its checksum is wrong"};
  FlatObject& facts = file.value().metadata;
  facts.erase(facts.begin(), facts.begin() + 2);  // version and checksum, which the mark has at the front
  return Checkpoint{.facts = std::move(facts), .blocks = std::move(file.value().tensors)};
}

Fallible<std::string> first_bytes_of(const std::string& path) {
  std::string bytes(kCrcAt, '\0');
  std::ifstream in(path, std::ios::binary);
  if (!in) return system_failure(path, "cannot be read");
  in.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  bytes.resize(static_cast<std::size_t>(in.gcount()));
  return bytes;
}

Fallible<SafetensorsPieces> encode(const Checkpoint& checkpoint) {
  FlatObject metadata{{std::string(kFormatName), std::string(kFormatVersion)}, {std::string(kCrcName), std::string(kNoCrc)}};
  metadata.insert(metadata.end(), checkpoint.facts.begin(), checkpoint.facts.end());
  const std::vector<TensorView> views(checkpoint.blocks.begin(), checkpoint.blocks.end());
  auto pieces = encode_safetensors(views, metadata);
  if (!pieces.ok()) return pieces;
  Crc crc;
  for (const std::string_view piece : pieces.value().all()) crc.add(piece);
  pieces.value().header.replace(kCrcAt, kNoCrc.size(), crc.text());
  return pieces;
}

bool there(const std::string& path) { return access(path.c_str(), F_OK) == 0 || errno != ENOENT; }

std::string in(const std::string& directory, const char* name) { return (fs::path(directory) / name).string(); }

/// `last` under the name `previous` too; its own name it keeps. Where there are no links it is renamed, and until the new one
/// has its name `previous` is what there is.
Outcome keep_as_previous(const std::string& last, const std::string& previous) {
  if (!there(last)) return {};
  const std::string temporary = temporary_name(previous);
  unlink(temporary.c_str());
  if (link(last.c_str(), temporary.c_str()) != 0) return move_into_place(last, previous);
  auto failure = move_into_place(temporary, previous);
  unlink(temporary.c_str());  // still there when both were the same file already
  return failure;
}

}  // namespace

std::uint32_t checksum(std::string_view bytes) {
  Crc crc;
  crc.add(bytes);
  return crc.value();
}

const std::string* Checkpoint::fact(std::string_view name) const {
  const auto found = std::find_if(facts.begin(), facts.end(), [&](const auto& pair) { return pair.first == name; });
  return found == facts.end() ? nullptr : &found->second;
}

const Tensor* Checkpoint::block(std::string_view name) const {
  const auto found = std::find_if(blocks.begin(), blocks.end(), [&](const Tensor& tensor) { return tensor.name == name; });
  return found == blocks.end() ? nullptr : &*found;
}

Fallible<std::string> encode_checkpoint(const Checkpoint& checkpoint) {
  const auto pieces = encode(checkpoint);
  if (!pieces.ok()) return pieces.failure();
  std::string out;
  for (const std::string_view piece : pieces.value().all()) out += piece;
  return out;
}

Fallible<Checkpoint> decode_checkpoint(std::string_view bytes) {
  return verified(bytes.substr(0, kCrcAt), [&](const SeeBytes& see) { return decode_safetensors(bytes, see); });
}

Outcome check_writable(const std::string& directory) {
  std::error_code error;
  fs::create_directories(directory, error);
  if (error) return Failure{directory + ": cannot be made for checkpoints: " + error.message()};
  const std::string probe = (fs::path(directory) / (".writable." + std::to_string(getpid()))).string();
  const std::string_view content = "tune";
  if (auto failure = write_durably(probe, {&content, 1})) return failure;
  unlink(probe.c_str());
  return {};
}

Outcome write_checkpoint(const std::string& path, const Checkpoint& checkpoint) {
  const auto pieces = encode(checkpoint);
  if (!pieces.ok()) return Failure{path + ": " + pieces.failure().message};
  return replace_file(path, pieces.value().all());
}

Fallible<Checkpoint> read_checkpoint(const std::string& path) {
  const auto first_bytes = first_bytes_of(path);
  if (!first_bytes.ok()) return first_bytes.failure();
  bool named = false;
  auto checkpoint = verified(first_bytes.value(), [&](const SeeBytes& see) {
    auto file = read_safetensors(path, see);
    named = !file.ok();
    return file;
  });
  if (checkpoint.ok() || named) return checkpoint;
  return Failure{path + ": " + checkpoint.failure().message};
}

Outcome save_checkpoint(const std::string& directory, const Checkpoint& checkpoint) {
  const std::string last = in(directory, kLastCheckpoint);
  const auto pieces = encode(checkpoint);
  if (!pieces.ok()) return Failure{last + ": " + pieces.failure().message};
  const std::string temporary = temporary_name(last);
  if (auto failure = write_durably(temporary, pieces.value().all())) return failure;
  auto failure = keep_as_previous(last, in(directory, kPreviousCheckpoint));
  if (!failure) failure = move_into_place(temporary, last);
  if (failure) unlink(temporary.c_str());
  return failure;
}

Fallible<LoadedCheckpoint> load_checkpoint(const std::string& directory) {
  const std::string last = in(directory, kLastCheckpoint);
  const std::string previous = in(directory, kPreviousCheckpoint);
  std::string trouble = last + ": is not there";
  if (there(last)) {
    auto checkpoint = read_checkpoint(last);
    if (checkpoint.ok()) return LoadedCheckpoint{.checkpoint = std::move(checkpoint.value()), .path = last, .note = ""};
    trouble = checkpoint.failure().message;
    const auto first_bytes = first_bytes_of(last);
    const bool ours = first_bytes.ok() && kind_of(first_bytes.value()) != Kind::kForeign;
    if (!ours || !there(previous)) return Failure{trouble + std::string(kBeginAnew)};
  } else if (!there(previous)) {
    return LoadedCheckpoint{};
  }
  auto before = read_checkpoint(previous);
  if (!before.ok()) return Failure{trouble + "; " + before.failure().message + "; remove both to train from the beginning"};
  if (there(last)) {
    const std::string damaged = in(directory, kDamagedCheckpoint);
    if (auto failure = move_into_place(last, damaged)) return *failure;
    trouble += "; kept as " + damaged;
  }
  return LoadedCheckpoint{.checkpoint = std::move(before.value()), .path = previous, .note = trouble};
}

}  // namespace tune::trainer
