#include "strategies/sobol.hpp"

#include <doctest/doctest.h>

#include <set>

using namespace tune::strategies;

namespace {

struct Known {
  std::uint32_t index;
  std::size_t dimension;
  double value;
};
// scipy 1.17.1: scipy.stats.qmc.Sobol(64, scramble=False)
const Known kKnown[] = {
    {1, 0, 0.5},
    {1, 1, 0.5},
    {1, 2, 0.5},
    {1, 7, 0.5},
    {1, 20, 0.5},
    {1, 40, 0.5},
    {1, 63, 0.5},
    {2, 0, 0.75},
    {2, 1, 0.25},
    {2, 2, 0.25},
    {2, 7, 0.75},
    {2, 20, 0.25},
    {2, 40, 0.25},
    {2, 63, 0.75},
    {3, 0, 0.25},
    {3, 1, 0.75},
    {3, 2, 0.75},
    {3, 7, 0.25},
    {3, 20, 0.75},
    {3, 40, 0.75},
    {3, 63, 0.25},
    {7, 0, 0.125},
    {7, 1, 0.625},
    {7, 2, 0.375},
    {7, 7, 0.625},
    {7, 20, 0.875},
    {7, 40, 0.125},
    {7, 63, 0.375},
    {100, 0, 0.4140625},
    {100, 1, 0.2578125},
    {100, 2, 0.7734375},
    {100, 7, 0.4765625},
    {100, 20, 0.7578125},
    {100, 40, 0.7109375},
    {100, 63, 0.6484375},
    {1000, 0, 0.2197265625},
    {1000, 1, 0.0966796875},
    {1000, 2, 0.5185546875},
    {1000, 7, 0.8994140625},
    {1000, 20, 0.5224609375},
    {1000, 40, 0.9130859375},
    {1000, 63, 0.4462890625},
};

}  // namespace

TEST_CASE("the unscrambled sequence is the published one") {
  for (const Known& known : kKnown) {
    CAPTURE(known.index);
    CAPTURE(known.dimension);
    CHECK(static_cast<double>(sobol_bits(known.index, known.dimension)) * 0x1.0p-32 == known.value);
  }
}

TEST_CASE("scrambling keeps the stratification of every dimension") {
  constexpr std::size_t kDimensions = 64;
  const ScrambledSobol sequence(3, "test", kDimensions);
  std::vector<std::set<int>> cells(kDimensions);
  std::vector<double> point(kDimensions);
  for (int i = 0; i < 256; ++i) {
    sequence.point(i, point);
    for (std::size_t d = 0; d < kDimensions; ++d) {
      REQUIRE(point[d] > 0.0);
      REQUIRE(point[d] < 1.0);
      cells[d].insert(static_cast<int>(point[d] * 256));
    }
  }
  for (const auto& one : cells) CHECK(one.size() == 256);
}

TEST_CASE("two dimensions of a scrambled net: every elementary box of 16 holds one of 16 points") {
  const ScrambledSobol sequence(8, "test", 2);
  for (int columns = 1; columns <= 16; columns *= 2) {
    std::set<std::pair<int, int>> boxes;
    std::vector<double> point(2);
    for (int i = 0; i < 16; ++i) {
      sequence.point(i, point);
      boxes.emplace(static_cast<int>(point[0] * columns), static_cast<int>(point[1] * (16 / columns)));
    }
    CHECK(boxes.size() == 16);
  }
}

TEST_CASE("a point depends on seed, purpose and index alone, beyond the table too") {
  const ScrambledSobol a(1, "x", 80);
  const ScrambledSobol again(1, "x", 80);
  const ScrambledSobol other_seed(2, "x", 80);
  const ScrambledSobol other_purpose(1, "y", 80);
  std::vector<double> p(80), q(80), r(80), s(80);
  a.point(5, r);
  a.point(9, p);
  again.point(9, q);
  CHECK(p == q);
  CHECK(p != r);
  other_seed.point(9, r);
  other_purpose.point(9, s);
  for (std::size_t d = 0; d < 80; ++d) {
    CHECK(p[d] != r[d]);
    CHECK(p[d] != s[d]);
  }
}
