#include "trainers/data/mapped_file.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "trainers/support/files.hpp"

namespace tune::trainer {
namespace {

constexpr std::size_t kChunk = std::size_t{1} << 24;  // bytes: memory grows with what is read

Failure system_failure(const std::string& path) { return {path + ": " + std::strerror(errno)}; }

Descriptor open_to_read(const std::string& path) { return Descriptor(open(path.c_str(), O_RDONLY | O_CLOEXEC)); }

Outcome check_regular(int descriptor, const std::string& path, struct stat& status) {
  if (descriptor < 0 || fstat(descriptor, &status) != 0) return system_failure(path);
  if (!S_ISREG(status.st_mode)) return Failure{path + ": not a file"};
  return {};
}

}  // namespace

Fallible<MappedFile> map_descriptor(int descriptor, const std::string& path) {
  struct stat status {};
  if (auto failure = check_regular(descriptor, path, status)) return *failure;
  const auto size = static_cast<std::size_t>(status.st_size);
  if (size == 0) return MappedFile{};
  void* address = mmap(nullptr, size, PROT_READ, MAP_SHARED, descriptor, 0);
  if (address == MAP_FAILED) return system_failure(path);
  return MappedFile{.bytes = {static_cast<const std::uint8_t*>(address), size},
                    .owner = std::shared_ptr<const void>(address, [size](void* mapped) { munmap(mapped, size); })};
}

Fallible<MappedFile> map_file(const std::string& path) {
  const Descriptor file = open_to_read(path);
  return map_descriptor(file.number(), path);
}

Outcome read_bytes(const std::string& path, std::vector<std::uint8_t>& bytes, std::uint64_t limit) {
  bytes.clear();
  const Descriptor file = open_to_read(path);
  struct stat status {};
  if (auto failure = check_regular(file.number(), path, status)) return failure;
  auto wanted = static_cast<std::uint64_t>(status.st_size);  // what is appended meanwhile does not count
  if (limit > 0) wanted = std::min(wanted, limit);
  while (bytes.size() < wanted) {
    const std::size_t before = bytes.size();
    bytes.resize(static_cast<std::size_t>(std::min<std::uint64_t>(wanted, before + kChunk)));
    const ssize_t got = read(file.number(), bytes.data() + before, bytes.size() - before);
    bytes.resize(before + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    if (got < 0 && errno != EINTR) return system_failure(path);
    if (got == 0) break;
  }
  return {};
}

}  // namespace tune::trainer
