#include "trainers/data/hash.hpp"

#include <doctest/doctest.h>

#include <set>
#include <vector>

using namespace tune::trainer;

TEST_CASE("every bit of a text and its length change the hash, and so do two changes of last bytes of words") {
  for (const std::size_t size : {1U, 8U, 63U, 64U, 100U, 256U}) {
    CAPTURE(size);
    std::vector<std::uint8_t> text(size, 7);
    std::set<std::uint64_t> seen = {add_to_hash(kHashBasis, text)};
    for (std::size_t bit = 0; bit < 8 * size; ++bit) {
      text[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
      seen.insert(add_to_hash(kHashBasis, text));
      text[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
    }
    seen.insert(add_to_hash(kHashBasis + 1, text));
    CHECK(seen.size() == 8 * size + 2);
  }
  std::vector<std::uint8_t> text(256);
  std::set<std::uint64_t> seen;
  for (unsigned one = 0; one < 256; ++one) {
    for (unsigned two = 0; two < 256; ++two) {
      text[7] = static_cast<std::uint8_t>(one);
      text[39] = static_cast<std::uint8_t>(two);  // the same lane's next word
      seen.insert(add_to_hash(kHashBasis, text));
    }
  }
  CHECK(seen.size() == 65536);
}
