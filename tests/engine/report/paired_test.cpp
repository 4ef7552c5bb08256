#include "engine/report/paired.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include "tune/random.hpp"

namespace tune::engine {
namespace {

TEST_CASE("Student's quantiles are those of the tables") {
  // The two-sided 95 % and 99 % columns of any table of the t distribution.
  const std::vector<std::pair<int, std::pair<double, double>>> kTable{
      {1, {12.7062, 63.6567}}, {2, {4.30265, 9.92484}}, {3, {3.18245, 5.84091}},  {4, {2.77645, 4.60409}},
      {5, {2.57058, 4.03214}}, {9, {2.26216, 3.24984}}, {19, {2.09302, 2.86093}}, {100, {1.98397, 2.62589}}};
  for (const auto& [degrees, both] : kTable) {
    CAPTURE(degrees);
    CHECK(student_quantile(0.025, degrees) == doctest::Approx(both.first).epsilon(1e-5));
    CHECK(student_quantile(0.005, degrees) == doctest::Approx(both.second).epsilon(1e-5));
  }
}

TEST_CASE("one pair has no interval, and two that agree have a point") {
  CHECK_FALSE(paired_difference({}).has_value());
  const auto one = paired_difference(std::vector<double>{-3.0});
  CHECK(one->mean == -3.0);
  CHECK_FALSE(one->low.has_value());
  CHECK_FALSE(one->shown());
  CHECK(paired_difference(std::vector<double>{-3.0, -3.0})->shown());
  CHECK_FALSE(paired_difference(std::vector<double>{0.0, 0.0, 0.0})->shown());
}

TEST_CASE("an interval by hand") {
  // Mean 2, standard deviation 1, three pairs: 2 +- 4.30265 / sqrt(3).
  const auto paired = paired_difference(std::vector<double>{1.0, 2.0, 3.0});
  CHECK(paired->mean == doctest::Approx(2.0));
  CHECK(*paired->low == doctest::Approx(2.0 - 4.30265 / std::sqrt(3.0)).epsilon(1e-5));
  CHECK(*paired->high == doctest::Approx(2.0 + 4.30265 / std::sqrt(3.0)).epsilon(1e-5));
  CHECK_FALSE(paired->shown());
}

TEST_CASE("normal differences around zero are taken for a difference in 5 % of comparisons") {
  RandomStream stream(3, 0, "pairs");
  int shown = 0;
  constexpr int kComparisons = 4000;
  for (int i = 0; i < kComparisons; ++i) {
    std::vector<double> differences(5);
    for (double& one : differences) one = stream.normal();
    shown += paired_difference(differences)->shown();
  }
  CHECK(shown > kComparisons * 0.04);
  CHECK(shown < kComparisons * 0.06);
}

}  // namespace
}  // namespace tune::engine
