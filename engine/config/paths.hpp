#pragma once

#include <filesystem>
#include <string>

/// The one way in which directories are written.
namespace tune::engine {

/// No `.`, no `..` where it can be resolved without looking, no slash at the end.
inline std::filesystem::path plain_directory(const std::filesystem::path& path) {
  std::filesystem::path plain = path.lexically_normal();
  return plain.has_filename() ? plain : plain.parent_path();
}

/// Plain, from the root on. As it is given where the working directory is gone.
inline std::string absolute_path(const std::string& path) {
  std::error_code error;
  const std::filesystem::path absolute = std::filesystem::absolute(path, error);
  return error ? path : plain_directory(absolute).string();
}

/// The same without any link in it, as far as it exists: whoever comes by another way finds the same.
inline std::string resolved_path(const std::string& path) {
  std::error_code error;
  const std::filesystem::path resolved = std::filesystem::weakly_canonical(path, error);
  return error ? absolute_path(path) : plain_directory(resolved).string();
}

}  // namespace tune::engine
