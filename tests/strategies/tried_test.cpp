#include "strategies/tried.hpp"

#include "strategies/grid_strategy.hpp"
#include "strategies/space_size.hpp"
#include "tests/conformance/strategy_conformance.hpp"

using namespace tune;
using namespace tune::strategies;
using namespace tune::test;

TEST_CASE("a finite space has as many configurations as its grid, and each is found untried once") {
  int finite = 0;
  for (std::int64_t number = 0; number < 60; ++number) {
    CAPTURE(number);
    const Space space = conformance_space(number);
    const auto count = count_configurations(space);
    if (!count || *count > 300) continue;
    ++finite;
    const auto grid = Grid::make(space, kMaxGridPointsPerParameter, {});
    REQUIRE(grid.ok());
    CHECK(grid->size() == *count);
    const UnitCube cube(space);
    StudyBuilder builder(space);
    Tried tried(builder.view());
    for (std::int64_t i = 0; i < *count; ++i) {
      const auto fresh = tried.untried(cube, 3, i + 1);
      REQUIRE(fresh);
      CHECK(space.check(*fresh).ok());
      REQUIRE_FALSE(tried.contains(*fresh));
      tried.add(*fresh);
      builder.propose(*fresh);
    }
    CHECK_FALSE(tried.untried(cube, 3, *count + 1));
    CHECK_FALSE(Tried(builder.view()).untried(cube, 4, 1));
  }
  CHECK(finite >= 10);
}

TEST_CASE("a space with a number that varies has no count") {
  Space space;
  space.categorical("kind", {"a", "b"});
  CHECK(count_configurations(space) == 2);
  space.uniform("x", 2.0, 2.0);
  CHECK(count_configurations(space) == 2);
  space.integer("n", 1, kCountLimit / 2);
  CHECK(count_configurations(space) == kCountLimit);
  space.integer("m", 1, 2);
  CHECK_FALSE(count_configurations(space));
  Space real;
  real.uniform("x", 0.0, 1.0);
  CHECK_FALSE(count_configurations(real));
}
