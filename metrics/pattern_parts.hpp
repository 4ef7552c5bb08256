#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace tune::metrics {

/// A pattern around its first capture group.
struct PatternParts {
  std::string before;
  std::string group;  ///< what is inside its ( )
  std::string after;
};

/// None when there is no such group, or it stands inside another one or beside a `|`, so that the parts are no patterns of their
/// own.
std::optional<PatternParts> split_pattern(std::string_view pattern);

/// The text that `before` matches, where it is plain text: a leading `.*` is left out, `\s*` at its end too. None otherwise.
std::optional<std::string> plain_text(std::string_view before);

}  // namespace tune::metrics
