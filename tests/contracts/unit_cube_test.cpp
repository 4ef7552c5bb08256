#include "tune/unit_cube.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <cmath>
#include <cstdlib>

#include "tests/conformance/strategy_conformance.hpp"

using namespace tune;

TEST_CASE("a parameter exists at a point where it does in the configuration there") {
  int inactive = 0;
  for (std::int64_t number = 0; number < 200; ++number) {
    const Space space = test::conformance_space(number);
    const UnitCube cube(space);
    RandomStream stream(4, number, "points");
    std::vector<double> point(space.size());
    for (double& u : point) u = stream.below(4) == 0 ? static_cast<double>(stream.below(2)) : stream.uniform();
    const Configuration configuration = cube.decode(point);
    for (std::size_t i = 0; i < space.size(); ++i) {
      CHECK(cube.is_active(point, i) == space.is_active(configuration, i));
      inactive += cube.is_active(point, i) ? 0 : 1;
      if (!space[i].is_numeric() && configuration[i]) CHECK(space[i].values[cube.category_at(i, point[i])] == *configuration[i]);
    }
  }
  CHECK(inactive > 10);
}

namespace {

Space one(Parameter parameter) {
  Space space;
  parameter.name = "p";
  space.add(std::move(parameter));
  return space;
}

Parameter number(double min, double max, Scale scale, std::optional<double> step = std::nullopt) {
  Parameter parameter;
  parameter.min = min;
  parameter.max = max;
  parameter.scale = scale;
  parameter.step = step;
  return parameter;
}

}  // namespace

TEST_CASE("the middle of a range is the middle on its scale") {
  const auto middle = [](Parameter parameter) { return as_number(UnitCube(one(std::move(parameter))).decode(0, 0.5)); };
  CHECK(middle(number(2, 6, Scale::kLinear)) == doctest::Approx(4.0));
  CHECK(middle(number(1e-4, 1, Scale::kLog)) == doctest::Approx(1e-2));
  CHECK(middle(number(1e-4, 1, Scale::kAuto)) == doctest::Approx(1e-2));
  CHECK(middle(number(0, 0.99, Scale::kReverseLog)) == doctest::Approx(0.9));
  CHECK(middle(number(4.5, 4.5, Scale::kLinear)) == 4.5);
  CHECK(middle(number(-1.7e308, 1.7e308, Scale::kLinear)) == doctest::Approx(0.0));
}

TEST_CASE("grid points own equal shares on a linear scale") {
  Parameter parameter = number(1, 4, Scale::kLinear);
  parameter.type = ParameterType::kInt;
  const UnitCube cube(one(parameter));
  std::array<int, 5> hits{};
  for (int i = 0; i < 4000; ++i) ++hits[static_cast<std::size_t>(std::get<std::int64_t>(cube.decode(0, (i + 0.5) / 4000)))];
  CHECK(hits == std::array<int, 5>{0, 1000, 1000, 1000, 1000});
}

TEST_CASE("a grid that does not reach max ends at its last point") {
  const UnitCube cube(one(number(0.1, 1.0, Scale::kLinear, 0.25)));
  CHECK(as_number(cube.decode(0, 1.0)) == doctest::Approx(0.85));
  CHECK(as_number(cube.decode(0, 0.0)) == doctest::Approx(0.1));
  CHECK(cube.encode(0, 0.85) == doctest::Approx(0.875));
}

TEST_CASE("decode gives valid configurations and encode undoes it") {
  setenv("RC_PARAMS", "seed=7", 0);  // the same cases every time, unless asked otherwise
  CHECK(rc::check("round trip", [] {
    const Space space = test::conformance_space(*rc::gen::inRange<std::int64_t>(0, 500));
    const UnitCube cube(space);
    const auto draws = *rc::gen::container<std::vector<std::uint32_t>>(space.size(), rc::gen::arbitrary<std::uint32_t>());
    std::vector<double> point;
    for (const std::uint32_t draw : draws) point.push_back(static_cast<double>(draw) / 4294967295.0);
    const Configuration configuration = cube.decode(point);
    RC_ASSERT(space.check(configuration).ok());
    const auto encoded = cube.encode(configuration);
    const Configuration again = cube.decode(encoded);
    for (std::size_t i = 0; i < space.size(); ++i) {
      RC_ASSERT(encoded[i] >= 0.0 && encoded[i] <= 1.0);
      RC_ASSERT(configuration[i].has_value() == again[i].has_value());
      if (!configuration[i]) continue;
      if (grid_width(space[i]) > 0.0 || !space[i].is_numeric()) {
        RC_ASSERT(*configuration[i] == *again[i]);
      } else {
        RC_ASSERT(std::abs(as_number(*configuration[i]) - as_number(*again[i])) <= 1e-12 * std::max(1.0, space[i].max));
        if (space[i].min < space[i].max) RC_ASSERT(std::abs(encoded[i] - point[i]) <= 1e-9);
      }
    }
  }));
}
