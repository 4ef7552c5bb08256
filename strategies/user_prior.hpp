#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "strategies/truncated_normal.hpp"
#include "tune/unit_cube.hpp"

namespace tune::strategies {

/// Standard deviation of a number's prior as a share of the scaled range, by confidence: low, medium, high.
inline constexpr std::array<double, 3> kPriorDeviations{0.5, 0.25, 0.125};
/// How many times as likely as any other value a category is that the user believes in, by confidence.
inline constexpr std::array<double, 3> kPriorWeights{2.0, 4.0, 8.0};

/// The user's beliefs about where the best lies (`Parameter::prior`): one density over the unit cube, relative to the uniform
/// one.
///
/// A number: the normal density around the value's coordinate, truncated to [0, 1]. A category: kPriorWeights times as likely as
/// each other one. A parameter without a prior: uniform. Parameters are independent of each other. Coordinates are clamped to
/// [0, 1]. Immutable; const use is safe from several threads.
class UserPrior {
 public:
  explicit UserPrior(const Space& space);

  /// Whether any parameter has a prior.
  [[nodiscard]] bool any() const { return any_; }
  /// Summed over the parameters with a prior that exist at `point`; 0 is the uniform density. Always finite.
  /// REQUIRES: as many coordinates as parameters.
  [[nodiscard]] double log_density(std::span<const double> point) const;
  /// The derivative of that by each coordinate; 0 for categories and inactive parameters. REQUIRES: sizes as the space's.
  void gradient(std::span<const double> point, std::span<double> derivative) const;
  /// Maps uniform coordinates to the prior, in place, each parameter by its inverse distribution function: a Sobol point becomes
  /// one of the prior's. Those without a prior keep theirs.
  void map(std::span<double> point) const;

  /// One parameter, whether it exists or not: log density relative to the uniform one, distribution function, and its inverse.
  [[nodiscard]] double log_density(std::size_t parameter, double u) const;
  [[nodiscard]] double cdf(std::size_t parameter, double u) const;
  [[nodiscard]] double quantile(std::size_t parameter, double p) const;

 private:
  struct Belief {
    std::optional<TruncatedNormal> number = {};
    std::vector<double> categories = {};  ///< their probabilities
  };

  UnitCube cube_;
  std::vector<std::optional<Belief>> beliefs_;
  bool any_ = false;
};

}  // namespace tune::strategies
