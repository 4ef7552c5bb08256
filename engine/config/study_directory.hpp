#pragma once

#include <filesystem>

namespace tune::engine {

/// The one way in which a study's directory is written: no `.`, no `..` where it can be resolved without looking, no slash at the
/// end.
inline std::filesystem::path plain_directory(const std::filesystem::path& path) {
  std::filesystem::path plain = path.lexically_normal();
  return plain.has_filename() ? plain : plain.parent_path();
}

}  // namespace tune::engine
