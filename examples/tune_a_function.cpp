// Finds the minimum of a function of two parameters: the shortest program that tunes something.

#include <cmath>
#include <cstdio>

#include "tune/study.hpp"

namespace {

/// Branin's function: three equal minima of 0.397887.
double branin(double x, double y) {
  constexpr double kPi = 3.14159265358979323846;
  const double a = y - 5.1 / (4.0 * kPi * kPi) * x * x + 5.0 / kPi * x - 6.0;
  return a * a + 10.0 * (1.0 - 1.0 / (8.0 * kPi)) * std::cos(x) + 10.0;
}

}  // namespace

int main() {
  tune::Space space;
  const auto x = space.uniform("x", -5.0, 10.0);
  const auto y = space.uniform("y", 0.0, 15.0);

  tune::StudyOptions options;
  options.objective = tune::minimize("branin");
  options.strategy = tune::named("bayesian");
  options.max_trials = 40;
  options.seed = 7;
  auto study = tune::Study::open("runs/branin", space, options);
  if (!study.ok()) {
    std::fprintf(stderr, "%s\n", study.status().message().c_str());
    return 2;
  }

  const tune::Summary summary = study->run([&](tune::Trial& trial) { (void)trial.report(1, branin(trial[x], trial[y])); });
  if (!summary.status.ok() || !summary.best_trial) {
    std::fprintf(stderr, "%s\n", summary.status.message().c_str());
    return 1;
  }
  std::printf("best of %lld trials: %.4f (the minimum is 0.3979)\n", static_cast<long long>(summary.completed),
              *summary.best_value);
  return *summary.best_value < 0.6 ? 0 : 1;
}
