#include "engine/journal/file_io.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>

namespace tune::engine {
namespace fs = std::filesystem;

FileDescriptor::~FileDescriptor() {
  if (number_ >= 0) close(number_);
}

Status storage_error(const std::string& what, const std::string& path) {
  return Status::storage(what + " " + path + ": " + std::strerror(errno));
}

Status read_pieces(const std::string& path, const std::function<bool(std::string_view)>& use) {
  const FileDescriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.valid()) return storage_error("cannot open", path);
  std::array<char, 1 << 16> chunk{};
  for (;;) {
    const ssize_t got = read(file.get(), chunk.data(), chunk.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return storage_error("cannot read", path);
    if (got == 0 || !use(std::string_view(chunk.data(), static_cast<std::size_t>(got)))) return {};
  }
}

Result<std::string> read_whole_file(const std::string& path) {
  std::string content;
  std::error_code error;
  if (const auto size = fs::file_size(path, error); !error) content.reserve(size);
  TUNE_RETURN_IF_ERROR(read_pieces(path, [&](std::string_view chunk) {
    content += chunk;
    return true;
  }));
  return content;
}

Result<bool> has_complete_line(const std::string& path) {
  bool found = false;
  TUNE_RETURN_IF_ERROR(read_pieces(path, [&](std::string_view chunk) {
    found = chunk.find('\n') != std::string_view::npos;
    return !found;
  }));
  return found;
}

Status make_directories(const std::string& path, Access access) {
  std::error_code error;
  const fs::path plain = fs::path(path).lexically_normal();
  const fs::path parent = (plain.has_filename() ? plain : plain.parent_path()).parent_path();
  if (access == Access::kOwner && !fs::exists(path, error)) {
    if (!parent.empty()) fs::create_directories(parent, error);
    if (!error && mkdir(path.c_str(), S_IRWXU) == 0) return {};
  }
  fs::create_directories(path, error);
  if (error) return Status::storage("cannot create " + path + ": " + error.message());
  return {};
}

FileDescriptor open_for_writing(const std::string& path, int flags, Access access) {
  constexpr mode_t kOwner = S_IRUSR | S_IWUSR;
  constexpr mode_t kAll = kOwner | S_IRGRP | S_IROTH;
  FileDescriptor file(open(path.c_str(), O_CREAT | O_CLOEXEC | flags, access == Access::kOwner ? kOwner : kAll));
  // It may have been there, for others to read.
  if (file.valid() && access == Access::kOwner && fchmod(file.get(), kOwner) != 0) return FileDescriptor();
  return file;
}

Status sync_directory(const std::string& path) {
  const FileDescriptor directory(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory.valid()) return storage_error("cannot open", path);
  if (fsync(directory.get()) != 0) return storage_error("cannot sync", path);
  return {};
}

Status write_file_atomically(const std::string& path, std::string_view content, Access access) {
  const std::string beside = path + ".new";
  {
    const FileDescriptor file = open_for_writing(beside, O_WRONLY | O_TRUNC, access);
    if (!file.valid()) return storage_error("cannot create", beside);
    while (!content.empty()) {
      const ssize_t put = write(file.get(), content.data(), content.size());
      if (put < 0 && errno == EINTR) continue;
      if (put < 0) return storage_error("cannot write", beside);
      content.remove_prefix(static_cast<std::size_t>(put));
    }
    if (fsync(file.get()) != 0) return storage_error("cannot sync", beside);
  }
  if (rename(beside.c_str(), path.c_str()) != 0) return storage_error("cannot rename into", path);
  const fs::path parent = fs::path(path).parent_path();
  return sync_directory(parent.empty() ? "." : parent.string());
}

}  // namespace tune::engine
