#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <span>

namespace tune::trainer {

inline constexpr std::uint64_t kHashBasis = 0xCBF29CE484222325ULL;

/// One step: FNV-1a (Fowler, Noll, Vo) over a word of 64 bits, the upper bits folded onto the lower ones, because a product alone
/// never carries a word's last bytes down to them.
inline std::uint64_t add_word_to_hash(std::uint64_t hash, std::uint64_t word) {
  constexpr std::uint64_t kPrime = 0x100000001B3ULL;
  hash = (hash ^ word) * kPrime;
  return hash ^ hash >> 32;
}

/// A hash of the bytes and of `hash`, by such steps, the last word filled up with zeros. Of long texts four words at a time go
/// into hashes of their own, which a processor works on at once. Against accidents, not against somebody who wants a collision.
inline std::uint64_t add_to_hash(std::uint64_t hash, std::span<const std::uint8_t> bytes) {
  constexpr std::size_t kLanes = 4;
  if (bytes.size() >= 2 * kLanes * sizeof hash) {
    std::uint64_t lanes[kLanes] = {hash, hash + 1, hash + 2, hash + 3};
    for (; bytes.size() >= sizeof lanes; bytes = bytes.subspan(sizeof lanes)) {
      std::uint64_t words[kLanes];
      std::memcpy(words, bytes.data(), sizeof words);
      for (std::size_t i = 0; i < kLanes; ++i) lanes[i] = add_word_to_hash(lanes[i], words[i]);
    }
    for (const std::uint64_t lane : lanes) hash = add_word_to_hash(hash, lane);
  }
  while (!bytes.empty()) {
    std::uint64_t word = 0;
    const std::size_t count = std::min(bytes.size(), sizeof word);
    std::memcpy(&word, bytes.data(), count);
    hash = add_word_to_hash(hash, word);
    bytes = bytes.subspan(count);
  }
  return hash;
}

}  // namespace tune::trainer
