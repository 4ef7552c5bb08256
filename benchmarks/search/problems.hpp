#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tune/records.hpp"
#include "tune/registry.hpp"

/// Test functions on the unit cube, to be minimised, and the least a benchmark needs to run a strategy on one.
namespace tune::benchmarks {

struct Problem {
  std::string name;
  int dimensions;
  double optimum;
  double (*value)(const std::vector<double>& u);
};

/// Branin, Hartmann6, Ackley (5 and 10 dimensions, optimum moved to 0.67), Levy (5), Rosenbrock (4), Styblinski-Tang (5); ranges
/// as in Surjanovic & Bingham, "Virtual library of simulation experiments".
const std::vector<Problem>& problems();

Space unit_space(int dimensions);

/// A record of a study that minimises "loss".
StudyRecord empty_study(const Space& space, std::uint64_t seed);
/// Adds a completed trial with one observation.
void add_completed(StudyRecord& study, const Configuration& configuration, double value);
std::vector<double> numbers(const Configuration& configuration);

/// A built-in strategy with its default options but for `changes`; ends the program when there is none of that name.
std::unique_ptr<Strategy> make_strategy(const std::string& name, const Space& space, const Options& changes = {});

}  // namespace tune::benchmarks
