// Drives the study by hand: ask for a trial, report and tell. For programs that keep their own loop.

#include <cstdio>

#include "tune/study.hpp"

int main() {
  tune::Space space;
  const auto x = space.uniform("x", -2.0, 2.0);

  tune::StudyOptions options;
  options.objective = tune::maximize("score");
  options.strategy = tune::named("bayesian");
  options.max_trials = 15;
  options.seed = 1;
  auto study = tune::Study::open("runs/parabola", space, options);
  if (!study.ok()) {
    std::fprintf(stderr, "%s\n", study.status().message().c_str());
    return 2;
  }

  while (auto trial = study->ask()) {
    const double value = 1.0 - ((*trial)[x] - 0.7) * ((*trial)[x] - 0.7);
    if (const tune::Status told = study->tell(std::move(*trial), value); !told.ok()) break;
  }
  const tune::Summary summary = study->summary();
  if (!study->status().ok() || !summary.best_value) {
    std::fprintf(stderr, "%s\n", study->status().message().c_str());
    return 1;
  }
  std::printf("best of %lld: %.3f (the maximum is 1)\n", static_cast<long long>(summary.completed), *summary.best_value);
  return *summary.best_value > 0.95 ? 0 : 1;
}
