#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "tune/registry.hpp"

TEST_CASE("a name is either there or planned, and only once") {
  const tune::Registry registry = tune::builtin();
  for (const char* name : {"random", "grid", "sobol", "bayesian", "tpe"}) CHECK(registry.find_strategy(name) != nullptr);
  for (const char* name : {"median", "percentile", "patience", "threshold", "asha", "hyperband", "pasha"})
    CHECK(registry.find_policy(name) != nullptr);
  const auto& planned = registry.planned_policies();
  CHECK(std::set<std::string>(planned.begin(), planned.end()).size() == planned.size());
  for (const std::string& name : planned) CHECK(registry.find_policy(name) == nullptr);
  for (const char* name : {"successive_halving", "wilcoxon"}) {
    CHECK(std::find(planned.begin(), planned.end(), name) != planned.end());
  }
  CHECK(registry.planned_strategies().empty());
}
