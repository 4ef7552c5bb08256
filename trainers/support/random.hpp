#pragma once

#include <cmath>
#include <cstdint>
#include <numbers>

#include "trainers/support/host_device.hpp"

namespace tune::trainer {

/// What random numbers are drawn for. Part of the key, so that no two uses ever share a stream; the numbers are never changed.
enum class Purpose : std::uint64_t {
  kWeights = 1,
  kOrder = 2,
  kPrototypes = 3,
  kTrainImages = 4,
  kValidationImages = 5,
  kAugmentation = 6,
  kMixup = 7
};

/// A stream of random numbers keyed by (seed, purpose, index): whoever asks with the same key gets the same numbers, so nothing
/// about randomness has to be saved in a checkpoint. SplitMix64 (Steele, Lea, Flood, "Fast splittable pseudorandom number
/// generators", OOPSLA 2014, figure 16) over a key mixed by the same function.
class KeyedRandom {
 public:
  TUNE_HOST_DEVICE KeyedRandom(std::uint64_t seed, Purpose purpose, std::uint64_t index)
      : state_(mix(mix(mix(seed + kGolden) ^ static_cast<std::uint64_t>(purpose)) + kGolden + index)) {}

  /// Keyed by one index more.
  TUNE_HOST_DEVICE KeyedRandom(std::uint64_t seed, Purpose purpose, std::uint64_t index, std::uint64_t second)
      : state_(mix(KeyedRandom(seed, purpose, index).state_ + kGolden + second)) {}

  TUNE_HOST_DEVICE std::uint64_t next() { return mix(state_ += kGolden); }

  /// Uniform on [0, 1).
  TUNE_HOST_DEVICE double uniform() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }

  TUNE_HOST_DEVICE double uniform(double low, double high) { return low + (high - low) * uniform(); }

  /// Uniform on {0, ..., bound - 1}, with a bias below bound / 2^64. REQUIRES: bound > 0.
  TUNE_HOST_DEVICE std::uint64_t below(std::uint64_t bound) {
    __extension__ using Wide = unsigned __int128;
    return static_cast<std::uint64_t>((static_cast<Wide>(next()) * bound) >> 64);
  }

  /// Standard normal (Box-Muller, the cosine half).
  double normal() {
    const double radius = std::sqrt(-2.0 * std::log1p(-uniform()));
    return radius * std::cos(2.0 * std::numbers::pi * uniform());
  }

 private:
  static constexpr std::uint64_t kGolden = 0x9E3779B97F4A7C15ULL;

  TUNE_HOST_DEVICE static constexpr std::uint64_t mix(std::uint64_t z) {
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31);
  }

  std::uint64_t state_;
};

}  // namespace tune::trainer
