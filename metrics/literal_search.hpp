#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace tune::metrics {

/// Finds which of many short texts occur in a line, upper and lower case of ASCII letters taken as one (S. Wu and U. Manber, "A
/// fast algorithm for multi-pattern searching", 1994, with blocks of four bytes). Immutable, safe on any thread.
class LiteralSearch {
 public:
  static constexpr std::size_t kShortest = 4;  ///< bytes of a text

  /// REQUIRES: every text is in lower case and at least kShortest bytes long; at most 65,536 texts.
  explicit LiteralSearch(std::vector<std::string> texts);

  /// Calls `found(index)` for each text in `line`, once for every place where it stands.
  template <typename Found>
  void search(std::string_view line, Found found) const {
    if (texts_.empty() || line.size() < window_) return;
    for (std::size_t end = window_; end <= line.size();) {
      const std::size_t block = hash(line.data() + end - kShortest);
      if (shifts_[block] > 0) {
        end += shifts_[block];
        continue;
      }
      for (std::uint32_t i = first_[block]; i < first_[block + 1]; ++i) {
        if (ends_with(line.substr(0, end), texts_[entries_[i]])) found(entries_[i]);
      }
      ++end;
    }
  }

 private:
  static constexpr unsigned kHashBits = 12;
  static constexpr std::size_t kBlocks = std::size_t{1} << kHashBits;

  /// Of four bytes; the bit that tells upper from lower case is left out.
  static std::size_t hash(const char* block) {
    std::uint32_t bytes = 0;
    std::memcpy(&bytes, block, kShortest);
    return ((bytes | 0x20202020U) * 2654435761U) >> (32 - kHashBits);  // Knuth's multiplicative hashing
  }
  static bool ends_with(std::string_view line, std::string_view text);

  std::vector<std::string> texts_;
  std::size_t window_ = 0;                      ///< the length of the shortest text, at most 255; the ends of all are looked for
  std::array<std::uint8_t, kBlocks> shifts_{};  ///< how far the window may move when a block ends it
  std::array<std::uint32_t, kBlocks + 1> first_{};  ///< where a block's texts begin in entries_
  std::vector<std::uint32_t> entries_;              ///< texts by their last block
};

}  // namespace tune::metrics
