/// Milliseconds a suggestion of the Bayesian strategy takes, by number of finished trials and of dimensions. The objective is a
/// Hartmann-like smooth bowl with ripples at Sobol points; the strategy follows the study, so a suggestion includes its share of
/// the fits; "cold" is the first suggestion of a fresh instance (after a restart), which makes up for all fits before.
///
///   ask_latency [suggestions per cell, default 20]

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>

#include "benchmarks/search/problems.hpp"

namespace {

using namespace tune;
using namespace tune::benchmarks;

/// Of processor time: what others do on the machine does not count.
double milliseconds(Strategy& strategy, const StudyRecord& study, Asked& asked) {
  const std::clock_t start = std::clock();
  asked = strategy.ask(StudyView(study), 1);
  return 1e3 * static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
}

double objective(const std::vector<double>& u) {
  double sum = 0.0;
  for (std::size_t i = 0; i < u.size(); ++i) {
    const double away = u[i] - 0.3 - 0.05 * static_cast<double>(i);
    sum += (1.0 + static_cast<double>(i)) * away * away + 0.05 * std::cos(12.0 * u[i]);
  }
  return sum;
}

void measure(int dimensions, int trials, int repeats) {
  const Space space = unit_space(dimensions);
  StudyRecord study = empty_study(space, 5);
  const auto spread = make_strategy("sobol", space);
  for (const Configuration& configuration : spread->ask(StudyView(study), trials).configurations) {
    add_completed(study, configuration, objective(numbers(configuration)));
  }
  const auto strategy = make_strategy("bayesian", space);
  Asked asked;
  const double cold = milliseconds(*strategy, study, asked);
  std::vector<double> times;
  for (int i = 0; i < repeats; ++i) {
    add_completed(study, asked.configurations.front(), objective(numbers(asked.configurations.front())));
    times.push_back(milliseconds(*strategy, study, asked));
  }
  std::sort(times.begin(), times.end());
  double sum = 0.0;
  for (const double time : times) sum += time;
  std::printf("%4d %6d %10.2f %10.2f %10.2f %10.1f\n", dimensions, trials, times[times.size() / 2],
              sum / static_cast<double>(times.size()), times.back(), cold);
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  const int repeats = argc > 1 ? std::atoi(argv[1]) : 20;
  std::printf("%4s %6s %10s %10s %10s %10s   (milliseconds a suggestion)\n", "d", "n", "median", "mean", "most", "cold");
  for (const int dimensions : {5, 10}) {
    for (const int trials : {10, 50, 100, 200, 500}) measure(dimensions, trials, std::max(1, repeats));
  }
  measure(10, 2000, std::min(repeats, 3));
}
