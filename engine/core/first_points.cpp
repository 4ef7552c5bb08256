#include "engine/core/first_points.hpp"

#include "tune/random.hpp"

namespace tune::engine {

FirstPoints::FirstPoints(const StudySpec& spec) : cube_(spec.space), points_(spec.initial) {}

std::optional<Configuration> FirstPoints::next(const StudyView& study) const {
  std::size_t given = 0;
  for (TrialId id = 1; id < study.next_trial() && given < points_.size(); ++id) {
    if (study.trial(id).record().initial) ++given;
  }
  if (given == points_.size()) return std::nullopt;
  Configuration configuration = points_[given];
  RandomStream stream(study.seed(), study.next_trial(), "initial");
  for (std::size_t i = 0; i < cube_.size(); ++i) {  // a parent stands before its children
    const double u = stream.uniform();              // drawn for every parameter: what one gets does not depend on the others
    if (!configuration[i] && cube_.space().is_active(configuration, i)) configuration[i] = cube_.decode(i, u);
  }
  return configuration;
}

}  // namespace tune::engine
