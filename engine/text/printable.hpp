#pragma once

#include <string>
#include <string_view>
#include <utility>

/// Texts that come from elsewhere (what a trial printed, a name, a file), made harmless for whoever looks at them.
namespace tune::engine {

inline constexpr char32_t kBadByte = 0xFFFFFFFF;

/// Takes one character off UTF-8 `text`, which is not empty: its code and its bytes. A byte that starts no sequence comes back as
/// kBadByte.
std::pair<char32_t, std::string_view> next_character(std::string_view& text);

/// Control characters, line separators, marks that turn the direction of writing, and bytes that are no UTF-8 become `?`, so that
/// a log line or a value can neither steer a terminal nor pass for another line.
std::string printable(std::string_view text);
/// The same of every line of a text; line feeds and tabs stay.
std::string printable_lines(std::string_view text);
/// A JSON document in which those characters are written as `\uXXXX`: the same document, harmless on a terminal.
std::string plain_json(std::string_view json);

}  // namespace tune::engine
