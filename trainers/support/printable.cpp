#include "trainers/support/printable.hpp"

#include <cstddef>
#include <cstdint>

namespace tune::trainer {
namespace {

/// Bytes of the character that begins here; 0: none does.
std::size_t character_bytes(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const std::size_t count = byte(0) < 0x80 ? 1 : byte(0) >= 0xF0 ? 4 : byte(0) >= 0xE0 ? 3 : byte(0) >= 0xC2 ? 2 : 0;
  if (count == 1) return byte(0) < 0x20 || byte(0) == 0x7F ? 0 : 1;
  if (count == 0 || text.size() < count) return 0;
  std::uint32_t code = byte(0) & (0xFFU >> (count + 1));
  for (std::size_t i = 1; i < count; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
    code = code << 6 | (byte(i) & 0x3FU);
  }
  const bool overlong = (count == 3 && code < 0x800) || (count == 4 && code < 0x10000);
  const bool surrogate = code >= 0xD800 && code <= 0xDFFF;
  return overlong || surrogate || code > 0x10FFFF || (code >= 0x80 && code < 0xA0) ? 0 : count;
}

}  // namespace

std::string printable(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t count = character_bytes(text);
    out += count == 0 ? std::string_view("?") : text.substr(0, count);
    text.remove_prefix(count == 0 ? 1 : count);
  }
  return out;
}

}  // namespace tune::trainer
