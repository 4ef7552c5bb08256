#include "trainers/support/files.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

namespace tune::trainer {
namespace {

constexpr std::size_t kShownBytes = 80;

}  // namespace

Descriptor::~Descriptor() {
  if (number_ >= 0) close(number_);
}

Failure system_failure(const std::string& path, const std::string& what) {
  return {path + ": " + what + ": " + std::strerror(errno)};
}

std::string temporary_name(const std::string& path) { return path + ".tmp"; }

Outcome write_all(const Descriptor& file, const std::string& path, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = write(file.number(), bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return system_failure(path, "cannot be written");
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return {};
}

Outcome write_durably(const std::string& path, std::span<const std::string_view> pieces) {
  const Descriptor file(open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (!file.ok()) return system_failure(path, "cannot be written");
  Outcome outcome;
  for (const std::string_view piece : pieces) {
    if (!outcome) outcome = write_all(file, path, piece);
  }
  if (!outcome && fsync(file.number()) != 0) outcome = system_failure(path, "cannot be written");
  if (outcome) unlink(path.c_str());
  return outcome;
}

Outcome move_into_place(const std::string& from, const std::string& to) {
  if (rename(from.c_str(), to.c_str()) != 0) return system_failure(to, "cannot be replaced");
  const std::string parent = std::filesystem::path(to).parent_path().string();
  const Descriptor directory(open(parent.empty() ? "." : parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory.ok()) fsync(directory.number());  // some file systems cannot; the file is in its place all the same
  return {};
}

Outcome replace_file(const std::string& path, std::span<const std::string_view> pieces) {
  const std::string temporary = temporary_name(path);
  if (auto failure = write_durably(temporary, pieces)) return failure;
  auto failure = move_into_place(temporary, path);
  if (failure) unlink(temporary.c_str());
  return failure;
}

std::string shown(std::string_view text) {
  std::string out;
  for (const char c : text.substr(0, kShownBytes)) out += c >= ' ' && c <= '~' ? c : '?';
  return text.size() > kShownBytes ? out + "..." : out;
}

}  // namespace tune::trainer
