#pragma once

#include <cstdint>
#include <vector>

#include "strategies/bayesian/acquisition.hpp"
#include "strategies/bayesian/posterior.hpp"
#include "strategies/user_prior.hpp"

namespace tune::strategies {

/// A point of the unit cube (a coordinate for every parameter) and what the acquisition says of it.
struct Candidate {
  std::vector<double> point;
  double value = 0.0;
};

/// A user's belief, added to the acquisition: `weight` times its log density (Hvarfner et al., "piBO", ICLR 2022, equation 6, in
/// logarithms).
struct Tilt {
  const UserPrior* prior = nullptr;  ///< none: no tilt
  double weight = 0.0;
};

/// Searches the unit cube for what an acquisition likes best: many candidates in batches, then local search from ten of them
/// (L-BFGS over the active continuous coordinates, each divided by min(length, 1); then one discrete coordinate after the
/// other; until nothing improves). The local searches advance in lock-step, so that their points are evaluated together. A pure
/// function of its arguments, with any number of threads: the work is cut into pieces that do not depend on it. Lives no longer
/// than what it was made from.
class AcquisitionMaximizer {
 public:
  AcquisitionMaximizer(const FeatureSpace& features, const Posterior& posterior, Acquisition acquisition, Tilt tilt = {})
      : features_(features), posterior_(posterior), acquisition_(acquisition), tilt_(tilt) {}

  /// Candidates, refined ones among them, best first. `best_points`: the best observed ones, best first, not empty.
  [[nodiscard]] std::vector<Candidate> search(std::uint64_t seed, std::int64_t trial,
                                              const std::vector<std::vector<double>>& best_points) const;

  /// Each start at the end of its local search.
  void refine(std::vector<Candidate>& starts) const;

 private:
  using Points = std::vector<std::vector<double>>;
  [[nodiscard]] Points sample(std::uint64_t seed, std::int64_t trial, const Points& best_points) const;
  [[nodiscard]] Eigen::MatrixXd rows_of(const Points& points) const;
  [[nodiscard]] double value_of(const Moments& moments, std::size_t i, std::span<const double> point) const;
  /// In pieces of kTogether, side by side.
  [[nodiscard]] std::vector<Candidate> evaluate(Points points) const;
  /// The `kept` points that could be best, judged by an upper bound; the first point is always kept.
  [[nodiscard]] Points promising(Points points, std::size_t kept) const;
  [[nodiscard]] std::vector<double> values_at(const Points& points) const;
  void refine_continuous(std::vector<Candidate*>& candidates) const;
  /// Leaves those in the list that found something better.
  void refine_discrete(std::vector<Candidate*>& candidates) const;
  [[nodiscard]] Points neighbors(const std::vector<double>& point, std::size_t parameter) const;

  const FeatureSpace& features_;
  const Posterior& posterior_;
  Acquisition acquisition_;
  Tilt tilt_;
};

}  // namespace tune::strategies
