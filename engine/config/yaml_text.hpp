#pragma once

#include <optional>
#include <string_view>

#include "engine/config/located_yaml.hpp"

namespace tune::engine {

inline constexpr std::string_view kUtf8Mark = "\xEF\xBB\xBF";

/// What is wrong with `text` before any YAML rule: too long, another encoding than UTF-8, control characters.
std::optional<YamlProblem> check_yaml_text(std::string_view text);

}  // namespace tune::engine
