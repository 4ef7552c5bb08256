#include <doctest/doctest.h>
#include <tbb/global_control.h>
#include <tbb/task_arena.h>

#include <cmath>
#include <cstdlib>
#include <limits>

#include "strategies/bayesian/bayesian_strategy.hpp"
#include "tests/conformance/strategy_conformance.hpp"
#include "tests/support/study_builder.hpp"

using namespace tune;
using namespace tune::strategies;
using namespace tune::test;

namespace {

/// How many random spaces; TUNE_RANDOM_SPACES=5000 for a long run.
constexpr std::int64_t kSpaces = 120;

std::int64_t random_spaces() {
  const char* given = std::getenv("TUNE_RANDOM_SPACES");
  return given == nullptr ? kSpaces : std::max<std::int64_t>(1, std::atoll(given));
}

/// Values that break careless arithmetic; by kind, so that each kind fills a whole study.
double nasty_value(std::int64_t kind, RandomStream& draw) {
  switch (kind % 9) {
    case 0:
      return 3.0;  // all equal
    case 1:
      return 1e12 + draw.uniform() * 1e-3;  // a huge offset
    case 2:
      return (draw.uniform() - 0.5) * 2.0 * 1.7e308;
    case 3:
      return draw.below(3) == 0 ? std::numeric_limits<double>::quiet_NaN() : draw.normal();
    case 4:
      return draw.below(3) == 0 ? -std::numeric_limits<double>::infinity() : draw.normal();
    case 5:
      return std::pow(10.0, 600.0 * draw.uniform() - 300.0);  // 600 decades
    case 6:
      return draw.below(10) == 0 ? -1e300 : draw.normal();  // outliers
    case 7:
      return 5e-324 * static_cast<double>(draw.below(3));  // denormal
    default:
      return draw.normal();
  }
}

/// A study of `trials` finished trials with such values, some points many times over, and some running trials.
StudyBuilder nasty_study(const Space& space, std::int64_t number, int trials) {
  StudyBuilder builder(space, number % 2 == 0 ? maximize("score") : minimize("loss"), static_cast<std::uint64_t>(number));
  RandomStream draw(21, number, "nasty");
  const UnitCube cube(space);
  Configuration last;
  for (int i = 0; i < trials; ++i) {
    std::vector<double> point(space.size());
    for (double& u : point) u = draw.below(6) == 0 ? static_cast<double>(draw.below(2)) : draw.uniform();
    if (i == 0 || draw.below(3) != 0) last = cube.decode(point);
    const double value = nasty_value(number, draw);
    if (draw.below(12) == 0) {
      builder.add({last, {value}, TrialStatus::kInProgress});
    } else if (std::isfinite(value)) {
      builder.add({last, {value}});
    } else {
      builder.add({last, {value}, TrialStatus::kStopped, "diverged"});
    }
  }
  return builder;
}

void check_answers(const Space& space, const StudyView& study, const BayesianOptions& options) {
  BayesianStrategy strategy(space, options);
  const Asked asked = strategy.ask(study, 2);
  CHECK((asked.exhausted || asked.configurations.size() == 2));
  check_valid(space, asked, 2);
}

const BayesianOptions::Maximize kAll[] = {BayesianOptions::Maximize::kUcb, BayesianOptions::Maximize::kLogEi,
                                          BayesianOptions::Maximize::kAlternate};

}  // namespace

TEST_CASE("whatever the values, proposals are valid: random spaces") {
  for (std::int64_t number = 0; number < random_spaces(); ++number) {
    CAPTURE(number);
    const Space space = conformance_space(number);
    const StudyBuilder builder = nasty_study(space, number, 6 + static_cast<int>(number % 30));
    BayesianOptions options;
    options.acquisition = kAll[number % 3];
    check_answers(space, builder.view(), options);
  }
}

TEST_CASE("ranges over all the decades there are") {
  Space space;
  space.log_uniform("decades", 1e-300, 1e300);
  space.uniform("wide", -1.7e308, 1.7e308);
  space.uniform("narrow", 1.0, std::nextafter(1.0, 2.0));
  space.integer("whole", -(std::int64_t{1} << 51), std::int64_t{1} << 51);
  REQUIRE_MESSAGE(space.status().ok(), space.status().message());
  for (std::int64_t number = 0; number < 9; ++number) {
    CAPTURE(number);
    const StudyBuilder builder = nasty_study(space, number, 20);
    check_answers(space, builder.view(), {});
  }
}

TEST_CASE("two hundred trials at one point, and a single trial") {
  Space space;
  space.uniform("x", 0.0, 1.0);
  space.uniform("y", 0.0, 1.0);
  StudyBuilder builder(space, maximize("score"), 4);
  const Configuration same = configuration_of(space, {{"x", 0.5}, {"y", 0.25}});
  builder.add({same, {1.0}});
  check_answers(space, builder.view(), {.initial = 1});
  for (int i = 1; i < 200; ++i) builder.add({same, {1.0 + 1e-9 * i}});
  check_answers(space, builder.view(), {.initial = 1});
}

TEST_CASE("an outlier does not take the digits from the good values") {
  // Where the best lies is told by differences of 1e-3 beside a value of -1e15.
  Space space;
  space.uniform("x", 0.0, 1.0);
  StudyBuilder builder(space, maximize("score"), 4);
  for (int i = 0; i <= 20; ++i) {
    const double x = i / 20.0;
    builder.add({configuration_of(space, {{"x", x}}), {i == 20 ? -1e15 : -1e-3 * (x - 0.33) * (x - 0.33)}});
  }
  BayesianOptions options;
  options.beta = 0.0;
  BayesianStrategy strategy(space, options);
  const Asked asked = strategy.ask(builder.view(), 1);
  CHECK(as_number(*asked.configurations.front()[0]) == doctest::Approx(0.33).epsilon(0.03));
}

TEST_CASE("1, 2 and 8 threads propose the same to the last bit") {
  Space space;
  for (int i = 0; i < 5; ++i) space.uniform("x" + std::to_string(i), 0.0, 1.0);
  space.categorical("kind", {"a", "b", "c"});
  StudyBuilder builder(space, maximize("score"), 9);
  const UnitCube cube(space);
  RandomStream draw(3, 1, "threads");
  for (int i = 0; i < 160; ++i) {  // enough for the candidates to be screened
    std::vector<double> point(space.size());
    for (double& u : point) u = draw.uniform();
    builder.add({cube.decode(point), {std::sin(7.0 * point[0]) + point[1] * point[2] - point[3]}});
  }
  builder.add({cube.decode(std::vector<double>(space.size(), 0.4)), {}, TrialStatus::kInProgress});
  std::vector<std::vector<Configuration>> proposals;
  for (const int threads : {1, 2, 8}) {
    const tbb::global_control limit(tbb::global_control::max_allowed_parallelism, static_cast<std::size_t>(threads));
    tbb::task_arena arena(threads);
    arena.execute([&] { proposals.push_back(BayesianStrategy(space, {}).ask(builder.view(), 4).configurations); });
  }
  REQUIRE(proposals[0].size() == 4);
  CHECK(proposals[1] == proposals[0]);
  CHECK(proposals[2] == proposals[0]);
}
