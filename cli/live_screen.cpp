#include "cli/live_screen.hpp"

#include <algorithm>

#include "cli/terminal.hpp"

namespace tune::cli {

namespace {
constexpr const char* kClearToEndOfLine = "\x1b[K";
constexpr const char* kClearBelow = "\x1b[J";
}  // namespace

std::string LiveScreen::frame(const std::vector<engine::StyledLine>& lines, const std::string& above) {
  std::string out = "\r";
  if (drawn_ > 0) out += "\x1b[" + std::to_string(drawn_) + "A";
  for (std::size_t start = 0; start < above.size();) {
    const std::size_t end = std::min(above.find('\n', start), above.size());
    out += above.substr(start, end - start) + kClearToEndOfLine + "\n";
    start = end + 1;
  }
  for (const engine::StyledLine& line : lines) out += rendered(line, color_) + kClearToEndOfLine + "\n";
  out += kClearBelow;
  drawn_ = lines.size();
  return out;
}

void LiveScreen::draw(const std::vector<engine::StyledLine>& lines, const std::string& above) {
  write_screen(frame(lines, above));
}

}  // namespace tune::cli
