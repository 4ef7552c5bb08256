#pragma once

#include "strategies/user_prior.hpp"
#include "tune/registry.hpp"
#include "tune/unit_cube.hpp"

namespace tune::strategies {

/// Independent draws from the user's prior: every parameter that has none is uniform on its scale. Repeats are possible in a
/// discrete space.
class RandomStrategy final : public Strategy {
 public:
  explicit RandomStrategy(const Space& space) : cube_(space), prior_(space) {}
  [[nodiscard]] std::string_view name() const override { return "random"; }
  [[nodiscard]] Asked ask(const StudyView& study, int count) override;

 private:
  UnitCube cube_;
  UserPrior prior_;
};

Entry<Strategy> random_entry();

}  // namespace tune::strategies
