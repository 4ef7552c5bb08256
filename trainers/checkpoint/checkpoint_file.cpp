#include "trainers/checkpoint/checkpoint_file.hpp"

#include <fcntl.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "trainers/support/numbers.hpp"

namespace tune::trainer {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kMagic = "tune-checkpoint 1\n";
constexpr std::string_view kBlockPrefix = "block:";
constexpr std::size_t kCrcBytes = 4;

template <class Number>
std::string little_endian(Number number) {
  std::string out;
  for (std::size_t i = 0; i < sizeof number; ++i) out += static_cast<char>(number >> (8 * i) & 0xFF);
  return out;
}

std::uint64_t from_little_endian(std::string_view bytes) {
  std::uint64_t number = 0;
  for (std::size_t i = bytes.size(); i-- > 0;) number = number << 8 | static_cast<unsigned char>(bytes[i]);
  return number;
}

const std::string* find(const std::vector<std::pair<std::string, std::string>>& in, std::string_view name) {
  const auto found = std::find_if(in.begin(), in.end(), [&](const auto& pair) { return pair.first == name; });
  return found == in.end() ? nullptr : &found->second;
}

Failure system_failure(const std::string& path, const std::string& what) {
  return {path + ": " + what + ": " + std::strerror(errno)};
}

/// A file descriptor that closes itself.
struct Descriptor {
  explicit Descriptor(int value) : number(value) {}
  ~Descriptor() {
    if (number >= 0) close(number);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int number;
};

Outcome write_durably(const std::string& path, std::string_view bytes) {
  const Descriptor file(open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (file.number < 0) return system_failure(path, "cannot be written");
  while (!bytes.empty()) {
    const ssize_t count = write(file.number, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return system_failure(path, "cannot be written");
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  if (fsync(file.number) != 0) return system_failure(path, "cannot be written");
  return {};
}

}  // namespace

std::uint32_t checksum(std::string_view bytes) {
  return static_cast<std::uint32_t>(crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

const std::string* Checkpoint::fact(std::string_view name) const { return find(facts, name); }
const std::string* Checkpoint::block(std::string_view name) const { return find(blocks, name); }

std::string encode_checkpoint(const Checkpoint& checkpoint) {
  FlatObject header = checkpoint.facts;
  for (const auto& [name, bytes] : checkpoint.blocks) {
    header.emplace_back(std::string(kBlockPrefix) + name, std::to_string(bytes.size()));
  }
  const std::string text = write_flat_json(header);
  std::string out = std::string(kMagic) + little_endian(std::uint64_t{text.size()}) + text;
  for (const auto& [name, bytes] : checkpoint.blocks) out += bytes;
  return out + little_endian(checksum(out));
}

Fallible<Checkpoint> decode_checkpoint(std::string_view bytes) {
  if (!bytes.starts_with(kMagic)) return Failure{"not a checkpoint of this version"};
  constexpr std::size_t kHeaderAt = kMagic.size() + sizeof(std::uint64_t);
  if (bytes.size() < kHeaderAt + kCrcBytes) return Failure{"cut short"};
  const std::string_view body = bytes.substr(0, bytes.size() - kCrcBytes);
  if (from_little_endian(bytes.substr(body.size())) != checksum(body)) return Failure{"damaged: its checksum is wrong"};
  const std::uint64_t length = from_little_endian(body.substr(kMagic.size(), sizeof(std::uint64_t)));
  if (length > body.size() - kHeaderAt) return Failure{"damaged: its header is longer than the file"};
  const auto header = parse_flat_json(body.substr(kHeaderAt, length));
  if (!header.ok()) return Failure{"damaged header: " + header.failure().message};

  Checkpoint checkpoint;
  std::string_view rest = body.substr(kHeaderAt + length);
  for (const auto& [name, value] : header.value()) {
    if (!name.starts_with(kBlockPrefix)) {
      checkpoint.facts.emplace_back(name, value);
      continue;
    }
    const auto size = parse_number<std::uint64_t>(value);
    if (!size || *size > rest.size()) return Failure{"damaged: " + name + " is longer than the file"};
    checkpoint.blocks.emplace_back(name.substr(kBlockPrefix.size()), rest.substr(0, *size));
    rest.remove_prefix(*size);
  }
  if (!rest.empty()) return Failure{"damaged: longer than its header says"};
  return checkpoint;
}

Outcome check_writable(const std::string& directory) {
  std::error_code error;
  fs::create_directories(directory, error);
  if (error) return Failure{directory + ": cannot be made for checkpoints: " + error.message()};
  const std::string probe = (fs::path(directory) / (".writable." + std::to_string(getpid()))).string();
  if (auto failure = write_durably(probe, "tune")) return failure;
  unlink(probe.c_str());
  return {};
}

Outcome save_checkpoint(const std::string& path, const Checkpoint& checkpoint) {
  const std::string temporary = path + ".tmp";
  if (auto failure = write_durably(temporary, encode_checkpoint(checkpoint))) {
    unlink(temporary.c_str());
    return failure;
  }
  if (rename(temporary.c_str(), path.c_str()) != 0) return system_failure(path, "cannot be replaced");
  const Descriptor directory(open(fs::path(path).parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory.number >= 0) fsync(directory.number);
  return {};
}

Fallible<std::optional<Checkpoint>> load_checkpoint(const std::string& path) {
  std::error_code error;
  if (!fs::exists(path, error)) {
    if (error) return Failure{path + ": " + error.message()};
    return std::optional<Checkpoint>();
  }
  std::ifstream in(path, std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  if (!in) return Failure{path + ": cannot be read"};
  auto checkpoint = decode_checkpoint(bytes);
  if (!checkpoint.ok()) {
    return Failure{path + ": " + checkpoint.failure().message + "; remove it to train from the beginning"};
  }
  return std::optional(std::move(checkpoint.value()));
}

}  // namespace tune::trainer
