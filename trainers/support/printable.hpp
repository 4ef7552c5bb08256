#pragma once

#include <string>
#include <string_view>

namespace tune::trainer {

/// The text with every control character, and every byte that is not part of valid UTF-8 (RFC 3629), as a question mark.
std::string printable(std::string_view text);

}  // namespace tune::trainer
