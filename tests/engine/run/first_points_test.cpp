#include "engine/core/first_points.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "tests/conformance/strategy_conformance.hpp"
#include "tests/engine/run/simulated_study.hpp"

namespace {

using namespace tune;
using namespace tune::engine;
using namespace tune::test;

Options defaults_of(const Entry<Strategy>& entry) {
  Options options;
  for (const OptionSpec& option : entry.options) {
    if (option.default_value) options[option.name] = *option.default_value;
  }
  return options;
}

StudySpec spec_with(std::vector<double> points) {
  StudySpec spec = small_spec();
  for (const double x : points) {
    Configuration point(1);
    point[0] = x;
    spec.initial.push_back(std::move(point));
  }
  return spec;
}

double x_of(const StudyRecord& record, TrialId trial) { return as_number(*record.trial(trial).configuration[0]); }

}  // namespace

TEST_CASE("every strategy's study begins with the first points and goes on with its own") {
  const Registry registry = builtin();
  for (const Entry<Strategy>& entry : registry.strategies()) {
    CAPTURE(entry.name);
    const TempDir dir;
    StudySpec spec = spec_with({0.875, 0.125, 0.5});
    spec.strategy = {entry.name, defaults_of(entry)};
    REQUIRE(run_simulated(dir / "study", spec, curve_script(6)).ok());
    const StudyRecord record = load_record(dir / "study");
    REQUIRE(record.trials.size() >= 8);
    CHECK(x_of(record, 1) == 0.875);
    CHECK(x_of(record, 2) == 0.125);
    CHECK(x_of(record, 3) == 0.5);
    CHECK(std::ranges::count(record.trials, true, &TrialRecord::initial) == 3);
    CHECK_FALSE(record.trial(4).initial);
    CHECK(record.trial(3).as_of >= 1);
  }
}

TEST_CASE("first points make a grid skip nothing") {
  const TempDir dir;
  StudySpec spec = spec_with({0.25, 0.3});
  spec.limits.max_trials.reset();
  spec.strategy = {"grid", {{"points", std::int64_t{5}}}};
  REQUIRE(run_simulated(dir / "study", spec, curve_script(2)).ok());
  const StudyRecord record = load_record(dir / "study");
  REQUIRE(record.trials.size() == 7);
  std::set<double> own;
  for (const TrialRecord& trial : record.trials) {
    if (!trial.initial) own.insert(as_number(*trial.configuration[0]));
  }
  CHECK(own == std::set<double>{0.0, 0.25, 0.5, 0.75, 1.0});
}

TEST_CASE("what a point leaves out is drawn from the seed and the trial, whatever else the point gives") {
  for (std::int64_t number = 0; number < 40; ++number) {
    CAPTURE(number);
    StudySpec spec = small_spec();
    spec.space = conformance_space(number);
    const UnitCube cube(spec.space);
    RandomStream draw(5, number, "first points");
    std::vector<double> point(spec.space.size());
    for (double& u : point) u = draw.uniform();
    const Configuration whole = cube.decode(point);
    StudyBuilder builder(spec.space, maximize("score"), 9);

    spec.initial = {Configuration(spec.space.size())};
    const auto drawn = FirstPoints(spec).next(builder.view());
    REQUIRE(drawn);
    CHECK(spec.space.check(*drawn).ok());
    CHECK(drawn == FirstPoints(spec).next(builder.view()));

    std::size_t given = spec.space.size();
    while (given > 0 && spec.space[given - 1].when) --given;
    spec.initial[0][given - 1] = whole[given - 1];
    const auto partial = FirstPoints(spec).next(builder.view());
    REQUIRE(partial);
    CHECK(spec.space.check(*partial).ok());
    CHECK((*partial)[given - 1] == whole[given - 1]);
    for (std::size_t i = 0; i + 1 < given; ++i) {
      if (!spec.space[i].when || spec.space[i].when->parameter != spec.space[given - 1].name) CHECK((*partial)[i] == (*drawn)[i]);
    }

    spec.initial = {whole};
    CHECK(FirstPoints(spec).next(builder.view()) == whole);
    builder.record().trials[static_cast<std::size_t>(builder.propose(whole) - 1)].initial = true;
    CHECK_FALSE(FirstPoints(spec).next(builder.view()));
  }
}
