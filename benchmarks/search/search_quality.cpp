/// Mean log10 simple regret (floor 1e-5) of strategies on test functions, one trial after the other.
///
///   search_quality [seeds, default 5] [evaluations, default 50] [arm ...]
///
/// Arms: random, sobol, bayesian (the defaults), bayesian-ucb, bayesian-warp (with input warp), bayesian-ucb-warp.

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>

#include "benchmarks/search/problems.hpp"

namespace {

using namespace tune;
using namespace tune::benchmarks;

constexpr double kFloor = 1e-5;

std::unique_ptr<Strategy> make_arm(const std::string& arm, const Space& space) {
  if (!arm.starts_with("bayesian")) return make_strategy(arm, space);
  Options changes;
  if (arm.find("-ucb") != std::string::npos) changes["acquisition"] = std::string("ucb");
  if (arm.find("-warp") != std::string::npos) changes["input_warp"] = true;
  return make_strategy("bayesian", space, changes);
}

double log_regret(const Problem& problem, const std::string& arm, std::uint64_t seed, int evaluations) {
  const Space space = unit_space(problem.dimensions);
  StudyRecord study = empty_study(space, seed);
  const auto strategy = make_arm(arm, space);
  double best = INFINITY;
  for (int i = 0; i < evaluations; ++i) {
    const Asked asked = strategy->ask(StudyView(study), 1);
    const double value = problem.value(numbers(asked.configurations.front()));
    best = std::min(best, value);
    add_completed(study, asked.configurations.front(), value);
  }
  return std::log10(std::max(best - problem.optimum, kFloor));
}

}  // namespace

int main(int argc, char** argv) {
  const int seeds = argc > 1 ? std::atoi(argv[1]) : 5;
  const int evaluations = argc > 2 ? std::atoi(argv[2]) : 50;
  std::vector<std::string> arms(argv + std::min(argc, 3), argv + argc);
  if (arms.empty()) arms = {"random", "bayesian"};
  std::printf("mean log10 regret after %d evaluations, %d seeds (standard error)\n%-18s", evaluations, seeds, "");
  for (const Problem& problem : problems()) std::printf(" %17s", problem.name.c_str());
  std::printf(" %10s\n", "ms/trial");
  for (const std::string& arm : arms) {
    std::printf("%-18s", arm.c_str());
    const std::clock_t start = std::clock();
    for (const Problem& problem : problems()) {
      double sum = 0.0;
      double squares = 0.0;
      for (int seed = 1; seed <= seeds; ++seed) {
        const double value = log_regret(problem, arm, static_cast<std::uint64_t>(seed), evaluations);
        sum += value;
        squares += value * value;
      }
      const double mean = sum / seeds;
      const double error = seeds > 1 ? std::sqrt(std::max(0.0, squares / seeds - mean * mean) / (seeds - 1)) : 0.0;
      std::printf("      %5.2f (%.2f)", mean, error);
      std::fflush(stdout);
    }
    const double spent = 1e3 * static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
    std::printf(" %10.2f\n", spent / static_cast<double>(problems().size()) / seeds / evaluations);
  }
}
