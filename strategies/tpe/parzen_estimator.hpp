#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "strategies/truncated_normal.hpp"
#include "strategies/user_prior.hpp"
#include "tune/random.hpp"
#include "tune/unit_cube.hpp"

namespace tune::strategies {

struct ParzenOptions {
  double prior_weight = 1.0;  ///< of the prior among kernels that weigh up to 1; > 0
  bool magic_clip = true;     ///< kernels are no narrower than 1 / min(100, kernels + 1)
};

/// A density over configurations: a mixture of one kernel a trial and one of the prior, each a product over parameters
/// (Bergstra et al., "Algorithms for hyper-parameter optimization", NeurIPS 2011; in its multivariate form Falkner, Klein &
/// Hutter, "BOHB", ICML 2018, section 4.1; constants as in Optuna's TPESampler).
///
/// Kernels live on the unit cube. A continuous number: normal around the trial's coordinate, truncated to [0, 1]. An int or
/// stepped number: the probability that such a normal gives to the value's cell. A category: the trial's own has 1 + p / K, each
/// other one p / K, normalised; K kernels in all, p the prior's weight. A parameter that the trial did not have: the prior's. The
/// prior: the user's beliefs where there are any, else uniform. The density is relative to the unit cube's for continuous
/// numbers and a probability for all else; over the configurations of a space it adds up to 1. Immutable.
class ParzenEstimator {
 public:
  struct Observation {
    const Configuration* configuration = nullptr;
    double weight = 1.0;
  };

  /// `cube` must outlive it. `beliefs`: none for a uniform prior, else must outlive it.
  ParzenEstimator(const UnitCube& cube, const std::vector<Observation>& observations, const ParzenOptions& options,
                  const UserPrior* beliefs);

  [[nodiscard]] double log_density(const Configuration& configuration) const;
  [[nodiscard]] Configuration sample(RandomStream& stream) const;

 private:
  enum class Kind { kFixed, kContinuous, kGrid, kCategory };
  struct Axis {
    Kind kind = Kind::kFixed;
    std::vector<std::optional<TruncatedNormal>> numbers = {};  ///< a trial each; none: it did not have the parameter
    std::vector<std::optional<std::size_t>> categories = {};   ///< likewise
    double own = 1.0;                                          ///< probability of a trial's own category, and of each other one
    double other = 0.0;
  };
  Axis make_axis(std::size_t parameter, const std::vector<Observation>& observations, const ParzenOptions& options) const;
  void add_axis(std::size_t parameter, const Value& value, std::vector<double>& sums) const;
  [[nodiscard]] Value draw(std::size_t parameter, std::size_t kernel, double u) const;
  [[nodiscard]] double log_prior(std::size_t parameter, double low, double high) const;

  const UnitCube& cube_;
  const UserPrior* beliefs_;
  std::vector<Axis> axes_;       ///< per parameter
  std::vector<double> weights_;  ///< per kernel, the prior's last; they add up to 1
};

}  // namespace tune::strategies
