#pragma once

#include "strategies/user_prior.hpp"
#include "tune/registry.hpp"
#include "tune/unit_cube.hpp"

namespace tune::strategies {

/// Trial t is point t - 1 of the scrambled Sobol sequence of the study's seed, mapped to the user's prior. Repeats are possible
/// in a discrete space.
class SobolStrategy final : public Strategy {
 public:
  explicit SobolStrategy(const Space& space) : cube_(space), prior_(space) {}
  [[nodiscard]] std::string_view name() const override { return "sobol"; }
  [[nodiscard]] Asked ask(const StudyView& study, int count) override;

 private:
  UnitCube cube_;
  UserPrior prior_;
};

Entry<Strategy> sobol_entry();

}  // namespace tune::strategies
