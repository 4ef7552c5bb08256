#include "tests/support/study_builder.hpp"

#include <doctest/doctest.h>

#include <limits>

using namespace tune;
using namespace tune::test;

TEST_CASE("a study built by hand has what a view shows") {
  Space space;
  space.uniform("x", 0.0, 1.0);
  StudyBuilder builder(space, minimize("loss"), 9);
  const Configuration half = configuration_of(space, {{"x", 0.5}});
  builder.add({half, {3.0, 2.0, 2.5}});
  builder.add({half, {1.0}, TrialStatus::kInProgress});
  builder.add({half, {1.0, std::numeric_limits<double>::quiet_NaN()}, TrialStatus::kStopped, "diverged"});
  const StudyView view = builder.view();
  CHECK(view.seed() == 9);
  CHECK(view.next_trial() == 4);
  CHECK(view.finished_count() == 2);
  CHECK(view.running_count() == 1);
  CHECK(view.trial(1).value() == 2.5);
  CHECK(view.trial(1).best() == 2.0);
  CHECK_FALSE(view.trial(3).value());
  CHECK(view.trial(3).infeasible());
  CHECK(view.max_step() == 3);
  CHECK(builder.cut(1, 2).last_step() == 2);
}
