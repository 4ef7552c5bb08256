#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "tune/status.hpp"

namespace tune::engine {

/// An open file descriptor, closed at the end. Move-only.
class FileDescriptor {
 public:
  FileDescriptor() = default;
  explicit FileDescriptor(int number) : number_(number) {}
  FileDescriptor(FileDescriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~FileDescriptor();
  [[nodiscard]] int get() const { return number_; }
  [[nodiscard]] bool valid() const { return number_ >= 0; }

 private:
  int number_ = -1;
};

/// "what PATH: reason", with errno's text.
Status storage_error(const std::string& what, const std::string& path);

/// Gives the file's bytes in pieces to `use`, for as long as it returns true.
Status read_pieces(const std::string& path, const std::function<bool(std::string_view)>& use);
Result<std::string> read_whole_file(const std::string& path);
/// Whether there is a newline in it; reads no further than to the first.
Result<bool> has_complete_line(const std::string& path);
/// Who may look into what is created: whom the umask lets, or its owner alone.
enum class Access { kUmask, kOwner };

/// Creates the directory and its parents; `access` is that of the directory itself, where it was not there before.
Status make_directories(const std::string& path, Access access = Access::kUmask);
/// Makes names created in or moved into `path` durable.
Status sync_directory(const std::string& path);
/// Replaces `path` as a whole: written beside it, synced, renamed, directory synced.
Status write_file_atomically(const std::string& path, std::string_view content, Access access = Access::kUmask);
/// Opens a file for writing, creating it; `flags` beside O_CREAT. Not valid: the error is in errno.
FileDescriptor open_for_writing(const std::string& path, int flags, Access access);

}  // namespace tune::engine
