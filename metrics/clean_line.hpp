#pragma once

#include <string>
#include <string_view>

namespace tune::metrics {

/// Writes `raw` into `out` without ANSI escape sequences and with `#011` (SageMaker's way to write a tab; after a blank it is
/// text, as in `Epoch #011`) as a tab. `#033[` begins an escape sequence too. An unfinished sequence is dropped.
void clean_line(std::string_view raw, std::string& out);

/// `text` cut to at most `limit` bytes as valid UTF-8 that is safe on a terminal: what is no UTF-8 becomes U+FFFD, control
/// characters blanks.
std::string printable(std::string_view text, std::size_t limit);

}  // namespace tune::metrics
