#include "strategies/sobol_strategy.hpp"

#include "strategies/sobol.hpp"

namespace tune::strategies {

Asked SobolStrategy::ask(const StudyView& study, int count) {
  Asked asked;
  const ScrambledSobol sequence(study.seed(), "sobol", cube_.size());
  std::vector<double> point(cube_.size());
  for (int i = 0; i < count; ++i) {
    sequence.point(study.next_trial() - 1 + i, point);
    prior_.map(point);
    asked.configurations.push_back(cube_.decode(point));
  }
  return asked;
}

Entry<Strategy> sobol_entry() {
  return {"sobol",
          "a scrambled Sobol sequence, mapped to the prior: random search without clumps and gaps",
          {},
          [](const Space& space, const Options&) -> Result<std::unique_ptr<Strategy>> {
            return std::unique_ptr<Strategy>(std::make_unique<SobolStrategy>(space));
          }};
}

}  // namespace tune::strategies
