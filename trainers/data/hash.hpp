#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <span>

namespace tune::trainer {

inline constexpr std::uint64_t kHashBasis = 0xCBF29CE484222325ULL;

/// FNV-1a over 64-bit words (Fowler, Noll, Vo; the 64-bit variant fed eight bytes at a time, the last word filled up with zeros),
/// the upper bits folded onto the lower ones after each: a product alone never carries a word's last bytes down to them.
/// Against accidents, not against somebody who wants a collision.
inline std::uint64_t add_to_hash(std::uint64_t hash, std::span<const std::uint8_t> bytes) {
  constexpr std::uint64_t kPrime = 0x100000001B3ULL;
  while (!bytes.empty()) {
    std::uint64_t word = 0;
    const std::size_t count = std::min(bytes.size(), sizeof word);
    std::memcpy(&word, bytes.data(), count);
    hash = (hash ^ word) * kPrime;
    hash ^= hash >> 32;
    bytes = bytes.subspan(count);
  }
  return hash;
}

}  // namespace tune::trainer
