#pragma once

#include <cstdint>
#include <vector>

#include "strategies/bayesian/acquisition.hpp"
#include "strategies/bayesian/posterior.hpp"

namespace tune::strategies {

/// A point of the unit cube (a coordinate for every parameter) and what the acquisition says of it.
struct Candidate {
  std::vector<double> point;
  double value = 0.0;
};

/// Searches the unit cube for what an acquisition likes best: many candidates in batches, then local search from ten of them
/// (L-BFGS over the active continuous coordinates, each divided by min(length, 1); then one discrete coordinate after the
/// other; until nothing improves). A pure function of its arguments. Lives no longer than what it was made from.
class AcquisitionMaximizer {
 public:
  AcquisitionMaximizer(const FeatureSpace& features, const Posterior& posterior, Acquisition acquisition)
      : features_(features), posterior_(posterior), acquisition_(acquisition) {}

  /// Every candidate, refined ones among them, best first. `best_points`: the best observed ones, best first, not empty.
  [[nodiscard]] std::vector<Candidate> search(std::uint64_t seed, std::int64_t trial,
                                              const std::vector<std::vector<double>>& best_points) const;

  /// The end of the local search from one point.
  [[nodiscard]] Candidate refine(Candidate start) const;

 private:
  [[nodiscard]] std::vector<std::vector<double>> sample(std::uint64_t seed, std::int64_t trial,
                                                        const std::vector<std::vector<double>>& best_points) const;
  [[nodiscard]] std::vector<Candidate> evaluate(std::vector<std::vector<double>> points) const;
  void refine_continuous(Candidate& candidate) const;
  /// Whether it found something better.
  bool refine_discrete(Candidate& candidate) const;
  [[nodiscard]] std::vector<std::vector<double>> neighbors(const std::vector<double>& point, std::size_t parameter) const;

  const FeatureSpace& features_;
  const Posterior& posterior_;
  Acquisition acquisition_;
};

}  // namespace tune::strategies
