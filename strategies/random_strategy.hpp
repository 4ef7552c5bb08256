#pragma once

#include "tune/registry.hpp"
#include "tune/unit_cube.hpp"

namespace tune::strategies {

/// Independent uniform draws from the unit cube: every parameter uniform on its scale. Repeats are possible in a discrete space.
class RandomStrategy final : public Strategy {
 public:
  explicit RandomStrategy(const Space& space) : cube_(space) {}
  [[nodiscard]] std::string_view name() const override { return "random"; }
  [[nodiscard]] Asked ask(const StudyView& study, int count) override;

 private:
  UnitCube cube_;
};

Entry<Strategy> random_entry();

}  // namespace tune::strategies
