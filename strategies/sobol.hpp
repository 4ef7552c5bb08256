#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace tune::strategies {

/// Dimensions with direction numbers of their own; further ones are filled with uniform draws.
inline constexpr std::size_t kSobolDimensions = 64;
inline constexpr std::size_t kSobolBits = 32;

/// Coordinate `dimension` of point `index` of the Sobol sequence in Gray-code order, unscrambled, as a fraction of 2^32
/// (Joe & Kuo, "Constructing Sobol sequences with better two-dimensional projections", SIAM J. Sci. Comput. 30, 2008; the
/// direction numbers are their set new-joe-kuo-6). REQUIRES: dimension < kSobolDimensions.
std::uint32_t sobol_bits(std::uint32_t index, std::size_t dimension);

/// The Sobol sequence with Owen scrambling keyed by (seed, trial, purpose), any point at once: a pure function of its index. The
/// nested scrambling is a hash (Burley, "Practical hash-based Owen scrambling", JCGT 9(4), 2020, section 2). Immutable.
class ScrambledSobol {
 public:
  ScrambledSobol(std::uint64_t seed, std::string_view purpose, std::size_t dimensions, std::int64_t trial = 0);

  [[nodiscard]] std::size_t dimensions() const { return scrambles_.size(); }
  /// Fills `point` with coordinates strictly inside (0, 1). REQUIRES: point.size() == dimensions(), index >= 0. Indices are
  /// taken modulo 2^32.
  void point(std::int64_t index, std::span<double> point) const;

 private:
  std::uint64_t rest_key_;  ///< seeds the dimensions beyond the table
  std::vector<std::uint32_t> scrambles_;
};

}  // namespace tune::strategies
