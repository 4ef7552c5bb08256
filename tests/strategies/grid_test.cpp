#include "strategies/grid_strategy.hpp"

#include <doctest/doctest.h>

#include "tests/support/study_builder.hpp"

using namespace tune;
using namespace tune::strategies;
using namespace tune::test;

namespace {

std::vector<std::string> listing(const Space& space, std::int64_t points, const std::map<std::string, std::int64_t>& named = {}) {
  auto grid = Grid::make(space, points, named);
  REQUIRE_MESSAGE(grid.ok(), grid.status().message());
  std::vector<std::string> lines;
  for (std::int64_t i = 0; i < grid->size(); ++i) {
    const Configuration configuration = grid->at(i);
    REQUIRE(space.check(configuration).ok());
    std::string line;
    for (std::size_t p = 0; p < space.size(); ++p) line += (p ? " " : "") + (configuration[p] ? to_text(*configuration[p]) : "-");
    lines.push_back(line);
  }
  return lines;
}

}  // namespace

TEST_CASE("points are evenly spaced on the scale, both ends included") {
  Space space;
  space.uniform("x", 0.0, 1.0);
  CHECK(listing(space, 3) == std::vector<std::string>{"0", "0.5", "1"});
  CHECK(listing(space, 1) == std::vector<std::string>{"0.5"});
  Space log;
  log.log_uniform("x", 1e-4, 1.0);
  const auto lines = listing(log, 5);
  REQUIRE(lines.size() == 5);
  CHECK(lines.front() == "1e-04");
  CHECK(std::stod(lines[2]) == doctest::Approx(1e-2));
  CHECK(lines.back() == "1");
}

TEST_CASE("an int gives all its values when they are few, else spread ones without repeats") {
  Space space;
  space.integer("n", 1, 4);
  CHECK(listing(space, 5) == std::vector<std::string>{"1", "2", "3", "4"});
  Space wide;
  wide.integer("n", 0, 100);
  CHECK(listing(wide, 3) == std::vector<std::string>{"0", "50", "100"});
  Space log;
  log.integer("n", 1, 6, Scale::kLog);
  CHECK(listing(log, 5) == std::vector<std::string>{"1", "2", "4", "6"});
}

TEST_CASE("a step gives its whole grid unless the parameter is named") {
  Space space;
  Parameter parameter;
  parameter.name = "m";
  parameter.type = ParameterType::kInt;
  parameter.min = 16;
  parameter.max = 128;
  parameter.step = 16;
  space.add(parameter);
  CHECK(listing(space, 2).size() == 8);
  CHECK(listing(space, 2, {{"m", 2}}) == std::vector<std::string>{"16", "128"});
}

TEST_CASE("conditional parameters multiply only where they are active") {
  Space space;
  const auto opt = space.categorical("opt", {"sgd", "adam", "nag"});
  space.when(opt, {"sgd", "nag"}).uniform("momentum", 0.0, 1.0);
  space.integer("n", 1, 2);
  space.when(opt, {"adam"}).uniform("beta", 0.0, 1.0);
  CHECK(listing(space, 2) == std::vector<std::string>{"sgd 0 1 -", "sgd 0 2 -", "sgd 1 1 -", "sgd 1 2 -", "adam - 1 0",
                                                      "adam - 2 0", "adam - 1 1", "adam - 2 1", "nag 0 1 -", "nag 0 2 -",
                                                      "nag 1 1 -", "nag 1 2 -"});
}

TEST_CASE("what cannot be a grid is refused") {
  Space space;
  for (int i = 0; i < 30; ++i) space.uniform("x" + std::to_string(i), 0.0, 1.0);
  space.categorical("c", {"a", "b"});
  CHECK_FALSE(Grid::make(space, 5, {}).ok());
  CHECK(Grid::make(space, 1, {}).ok());
  CHECK_FALSE(Grid::make(space, 0, {}).ok());
  CHECK_FALSE(Grid::make(space, 1, {{"nope", 3}}).ok());
  CHECK_FALSE(Grid::make(space, 1, {{"c", 3}}).ok());
  CHECK_FALSE(Grid::make(space, 1, {{"x1", kMaxGridPointsPerParameter + 1}}).ok());
  CHECK(Grid::make(space, 1, {{"x1", 3}}).status().ok());
}

TEST_CASE("the strategy goes through the grid once and says when it is exhausted") {
  Space space;
  space.integer("n", 1, 3);
  auto grid = Grid::make(space, 5, {});
  REQUIRE(grid.ok());
  GridStrategy strategy(*grid);
  StudyBuilder builder(space);
  const Asked two = strategy.ask(builder.view(), 2);
  CHECK(two.configurations.size() == 2);
  CHECK_FALSE(two.exhausted);
  for (const Configuration& configuration : two.configurations) builder.propose(configuration);
  const Asked last = strategy.ask(builder.view(), 2);
  CHECK(last.configurations.size() == 1);
  CHECK(last.exhausted);
  builder.add({last.configurations.front()});
  CHECK(strategy.ask(builder.view(), 1).configurations.empty());
  CHECK(strategy.ask(builder.view(), 1).exhausted);
}
