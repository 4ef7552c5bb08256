#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <string_view>

namespace tune {

/// FNV-1a, 64 bits: names a stream's purpose.
constexpr std::uint64_t purpose_key(std::string_view purpose) {
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  for (const char c : purpose) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  return hash;
}

/// A counter-based random stream keyed by (seed, trial number, purpose): the same key gives the same numbers on every
/// machine, whatever else was drawn anywhere (Philox4x32-10; Salmon et al., "Parallel random numbers: as easy as 1, 2, 3",
/// SC 2011, section 3.3). A value type; not to be shared between threads. Meets UniformRandomBitGenerator.
class RandomStream {
 public:
  using result_type = std::uint32_t;

  RandomStream(std::uint64_t seed, std::int64_t trial, std::string_view purpose)
      : RandomStream(seed, trial, purpose_key(purpose)) {}

  static constexpr result_type min() { return 0; }
  static constexpr result_type max() { return 0xffffffffU; }

  result_type operator()() {
    if (next_ == block_.size()) refill();
    return block_[next_++];
  }

  std::uint64_t next_u64() {
    const std::uint64_t high = (*this)();
    return high << 32 | (*this)();
  }

  /// Uniform on [0, 1) with 53 random bits.
  double uniform() { return static_cast<double>(next_u64() >> 11) * 0x1.0p-53; }

  /// Uniform on {0, ..., bound - 1} without bias. REQUIRES: bound > 0.
  std::uint64_t below(std::uint64_t bound) {
    const std::uint64_t limit = ~std::uint64_t{0} - (~std::uint64_t{0} % bound + 1) % bound;
    std::uint64_t draw = next_u64();
    while (draw > limit) draw = next_u64();
    return draw % bound;
  }

  /// Standard normal (Box-Muller, the cosine half).
  double normal() {
    const double radius = std::sqrt(-2.0 * std::log1p(-uniform()));
    return radius * std::cos(2.0 * std::numbers::pi * uniform());
  }

 private:
  RandomStream(std::uint64_t seed, std::int64_t trial, std::uint64_t purpose)
      : key_{static_cast<std::uint32_t>(seed ^ purpose), static_cast<std::uint32_t>((seed ^ purpose) >> 32)},
        trial_(static_cast<std::uint64_t>(trial)) {}

  void refill() {
    std::array<std::uint32_t, 4> c{static_cast<std::uint32_t>(counter_), static_cast<std::uint32_t>(counter_ >> 32),
                                   static_cast<std::uint32_t>(trial_), static_cast<std::uint32_t>(trial_ >> 32)};
    std::uint32_t k0 = key_[0];
    std::uint32_t k1 = key_[1];
    for (int round = 0; round < 10; ++round) {
      const std::uint64_t p0 = std::uint64_t{0xD2511F53U} * c[0];
      const std::uint64_t p1 = std::uint64_t{0xCD9E8D57U} * c[2];
      c = {static_cast<std::uint32_t>(p1 >> 32) ^ c[1] ^ k0, static_cast<std::uint32_t>(p1),
           static_cast<std::uint32_t>(p0 >> 32) ^ c[3] ^ k1, static_cast<std::uint32_t>(p0)};
      k0 += 0x9E3779B9U;
      k1 += 0xBB67AE85U;
    }
    block_ = c;
    next_ = 0;
    ++counter_;
  }

  std::array<std::uint32_t, 2> key_;
  std::uint64_t trial_;
  std::uint64_t counter_ = 0;
  std::array<std::uint32_t, 4> block_{};
  std::size_t next_ = 4;
};

}  // namespace tune
