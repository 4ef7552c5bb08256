#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/api/ask_tell.hpp"

namespace tune::engine {

inline constexpr std::size_t kMaxSessionLine = 1U << 20;  ///< bytes of one request
inline constexpr int kMaxSessionDepth = 64;               ///< lists and objects in each other in one request

/// `tune session`: a study for programs in any language. One JSON object per line each way (docs/session.md); nothing blocks. A
/// request that cannot be carried out is answered with {"error": ...} and changes nothing. Not thread-safe.
class Session {
 public:
  static Result<std::unique_ptr<Session>> open(const std::string& directory, const StudySpec& spec, const Registry& registry,
                                               OpenMode mode);

  /// What was found on opening, for the user.
  [[nodiscard]] const std::vector<std::string>& notes() const;
  /// The answer to one request, without a newline.
  std::string handle(std::string_view line);

 private:
  Session();
  struct Parts;
  std::shared_ptr<Parts> parts_;
};

}  // namespace tune::engine
