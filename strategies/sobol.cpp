#include "strategies/sobol.hpp"

#include <algorithm>

#include "strategies/sobol_table.hpp"
#include "tune/random.hpp"
#include "tune/status.hpp"

namespace tune::strategies {
namespace {

using Directions = std::array<std::array<std::uint32_t, kSobolBits>, kSobolDimensions>;

/// The recurrence of Joe & Kuo 2008, equation (3): v_k from the primitive polynomial's coefficients and the s values before.
constexpr Directions make_directions() {
  Directions all{};
  for (std::size_t bit = 0; bit < kSobolBits; ++bit) all[0][bit] = 1U << (kSobolBits - 1 - bit);
  for (std::size_t dimension = 1; dimension < kSobolDimensions; ++dimension) {
    const SobolRow& row = kSobolRows[dimension - 1];
    const std::size_t degree = row.degree;
    auto& v = all[dimension];
    for (std::size_t bit = 0; bit < kSobolBits; ++bit) {
      if (bit < degree) {
        v[bit] = row.initial[bit] << (kSobolBits - 1 - bit);
        continue;
      }
      v[bit] = v[bit - degree] ^ (v[bit - degree] >> degree);
      for (std::size_t k = 1; k < degree; ++k) {
        if ((row.coefficients >> (degree - 1 - k)) & 1U) v[bit] ^= v[bit - k];
      }
    }
  }
  return all;
}

constexpr Directions kDirections = make_directions();

constexpr std::uint32_t reverse_bits(std::uint32_t x) {
  x = (x & 0x55555555U) << 1 | (x >> 1 & 0x55555555U);
  x = (x & 0x33333333U) << 2 | (x >> 2 & 0x33333333U);
  x = (x & 0x0f0f0f0fU) << 4 | (x >> 4 & 0x0f0f0f0fU);
  x = (x & 0x00ff00ffU) << 8 | (x >> 8 & 0x00ff00ffU);
  return x << 16 | x >> 16;
}

/// A permutation in which every bit depends only on lower bits (Laine & Karras 2011, as given by Burley 2020, listing 2).
constexpr std::uint32_t permute(std::uint32_t x, std::uint32_t seed) {
  x += seed;
  x ^= x * 0x6c50b47cU;
  x ^= x * 0xb82f1e52U;
  x ^= x * 0xc7afe638U;
  x ^= x * 0x8d22f6e6U;
  return x;
}

}  // namespace

std::uint32_t sobol_bits(std::uint32_t index, std::size_t dimension) {
  TUNE_CHECK(dimension < kSobolDimensions);
  std::uint32_t gray = index ^ index >> 1;
  std::uint32_t bits = 0;
  for (std::size_t bit = 0; gray != 0; ++bit, gray >>= 1) {
    if (gray & 1U) bits ^= kDirections[dimension][bit];
  }
  return bits;
}

ScrambledSobol::ScrambledSobol(std::uint64_t seed, std::string_view purpose, std::size_t dimensions, std::int64_t trial)
    : scrambles_(dimensions) {
  RandomStream stream(seed, trial, purpose);
  rest_key_ = stream.next_u64();
  for (std::uint32_t& scramble : scrambles_) scramble = stream();
}

void ScrambledSobol::point(std::int64_t index, std::span<double> point) const {
  TUNE_CHECK(point.size() == dimensions() && index >= 0);
  constexpr double kUnit = 0x1.0p-32;
  const auto low = static_cast<std::uint32_t>(index);
  const std::size_t own = std::min(dimensions(), kSobolDimensions);
  for (std::size_t i = 0; i < own; ++i) {
    const std::uint32_t bits = reverse_bits(permute(reverse_bits(sobol_bits(low, i)), scrambles_[i]));
    point[i] = (static_cast<double>(bits) + 0.5) * kUnit;
  }
  if (own == dimensions()) return;
  RandomStream stream(rest_key_, index, "sobol-rest");
  for (std::size_t i = own; i < dimensions(); ++i) point[i] = (static_cast<double>(stream()) + 0.5) * kUnit;
}

}  // namespace tune::strategies
