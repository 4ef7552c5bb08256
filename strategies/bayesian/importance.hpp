#pragma once

#include <Eigen/Core>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "strategies/bayesian/features.hpp"

namespace tune::strategies {

/// How much of a function's variance over the unit cube each parameter explains alone (the first-order terms of its functional
/// analysis of variance; Hutter, Hoos & Leyton-Brown, "An efficient approach for assessing hyperparameter importance", ICML
/// 2014). Estimated as the correlation ratio: the variance between the means over slices of a parameter's coordinate, less what
/// chance contributes to it, over the whole; one set of quasi-random points serves all parameters (McKay, "Evaluating prediction
/// uncertainty", NUREG/CR-6311, 1995). Where a conditional parameter is inactive the function does not depend on it, and that
/// counts. Immutable; const use is safe from several threads.
class MainEffects {
 public:
  MainEffects(const FeatureSpace& features, std::uint64_t seed);

  /// Features of the points at which the function has to be known, one a row.
  [[nodiscard]] const Eigen::MatrixXd& rows() const { return rows_; }
  /// The parameters that can vary.
  [[nodiscard]] const std::vector<std::size_t>& parameters() const { return parameters_; }
  struct Shares {
    Eigen::ArrayXd alone;   ///< for each of `parameters()`; with `together` 1 in all, or all 0 for a constant
    double together = 0.0;  ///< what no parameter explains alone
  };
  /// REQUIRES: a finite value a row.
  [[nodiscard]] Shares shares(const Eigen::ArrayXd& values) const;

 private:
  Eigen::MatrixXd rows_;
  std::vector<std::size_t> parameters_;
  std::vector<std::vector<std::size_t>> slices_;  ///< for each of `parameters_`: the slice that each point lies in
};

}  // namespace tune::strategies
