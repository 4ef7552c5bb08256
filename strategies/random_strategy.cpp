#include "strategies/random_strategy.hpp"

#include "tune/random.hpp"

namespace tune::strategies {

Asked RandomStrategy::ask(const StudyView& study, int count) {
  Asked asked;
  std::vector<double> point(cube_.size());
  for (int i = 0; i < count; ++i) {
    RandomStream stream(study.seed(), study.next_trial() + i, "random");
    for (double& u : point) u = stream.uniform();
    prior_.map(point);
    asked.configurations.push_back(cube_.decode(point));
  }
  return asked;
}

Entry<Strategy> random_entry() {
  return {"random",
          "independent draws, each parameter uniform on its scale or from its prior",
          {},
          [](const Space& space, const Options&) -> Result<std::unique_ptr<Strategy>> {
            return std::unique_ptr<Strategy>(std::make_unique<RandomStrategy>(space));
          }};
}

}  // namespace tune::strategies
