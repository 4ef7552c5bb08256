#include <doctest/doctest.h>

#include <cmath>

#include "strategies/bayesian/output_warp.hpp"
#include "strategies/curves/predicted_final.hpp"
#include "strategies/normal.hpp"
#include "tests/support/study_builder.hpp"

using namespace tune;
using namespace tune::strategies;
using namespace tune::test;

TEST_CASE("half-rank: the good half stays, the bad half becomes a Gaussian tail") {
  std::vector<double> values = {3.0, -1000.0, 1.0, 2.0, -5.0};
  half_rank(values);  // median 1, itself a value: D = 2.5; distances above it 0, 1, 2
  const double spread = std::sqrt(5.0 / 3.0);
  CHECK(values[0] == 3.0);
  CHECK(values[2] == 1.0);
  CHECK(values[3] == 2.0);
  CHECK(values[1] == doctest::Approx(1.0 + spread * normal_quantile(0.5 * 0.5 / 2.5)));
  CHECK(values[4] == doctest::Approx(1.0 + spread * normal_quantile(0.5 * 1.5 / 2.5)));
}

TEST_CASE("half-rank on ties, equal values, one value, none") {
  std::vector<double> ties = {0.0, 0.0, 5.0, 5.0};  // median 2.5, no value: D = 1
  half_rank(ties);
  CHECK(ties[0] == ties[1]);
  CHECK(ties[0] == doctest::Approx(2.5 + 2.5 * normal_quantile(0.25)));
  std::vector<double> good_half_equal = {1.0, 5.0, 5.0, 5.0};  // nothing above the median: the spread of all
  half_rank(good_half_equal);
  CHECK(good_half_equal[0] < 5.0);
  std::vector<double> equal = {2.0, 2.0, 2.0};
  half_rank(equal);
  CHECK(equal == std::vector<double>{2.0, 2.0, 2.0});
  std::vector<double> one = {7.0};
  half_rank(one);
  CHECK(one == std::vector<double>{7.0});
  std::vector<double> none;
  half_rank(none);
  CHECK(none.empty());
}

TEST_CASE("the log warp spans one unit, the best at its top") {
  std::vector<double> values = {0.0, 1.0, 0.5};
  log_warp(values);
  CHECK(values[0] == doctest::Approx(-0.5));
  CHECK(values[1] == doctest::Approx(0.5));
  CHECK(values[2] == doctest::Approx(0.5 - std::log(1.25) / std::log(1.5)));
}

TEST_CASE("warped outputs keep the order, are standardised and finite whatever the size") {
  const std::vector<std::vector<double>> cases = {
      {1e300, -1e300, 1.7e308, 0.0}, {-1.7e308, 1.7e308},       {5.0}, {3.0, 3.0, 3.0},
      {1e-320, 2e-320, 0.0},         {1.0, 2.0, 2.0, 8.0, -4.0}};
  for (const auto& raw : cases) {
    std::vector<double> variances(raw.size(), 1e300);
    const WarpedOutputs out = warp_outputs(raw, variances);
    REQUIRE(out.values.size() == raw.size());
    double sum = 0.0;
    for (std::size_t i = 0; i < raw.size(); ++i) {
      CHECK(std::isfinite(out.values[i]));
      CHECK(std::isfinite(out.variances[i]));
      CHECK(out.infeasible < out.values[i]);
      sum += out.values[i];
      for (std::size_t j = 0; j < raw.size(); ++j) {
        if (raw[i] < raw[j]) CHECK(out.values[i] <= out.values[j]);
      }
    }
    CHECK(std::abs(sum) < 1e-9);
  }
  const std::vector<double> noisy = {0.0, 0.2, 0.1, 0.3, -90.0};
  const std::vector<double> none(noisy.size(), 0.0);
  const WarpedOutputs half = warp_outputs(noisy, none, 0.5);
  const WarpedOutputs plain = warp_outputs(noisy, none, 1.0);
  // Plain: the outlier is moved to 5 * 1.4826 * 0.1 below the median, the others keep their distances.
  CHECK(plain.values[3] - plain.values[1] == doctest::Approx(plain.values[1] - plain.values[2]));
  CHECK((plain.values[2] - plain.values[4]) / (plain.values[1] - plain.values[2]) == doctest::Approx(5.0 * 1.4826));
  const WarpedOutputs warped = warp_outputs(noisy, none);
  for (std::size_t i = 1; i < noisy.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) CHECK((half.values[i] < half.values[j]) == (noisy[i] < noisy[j]));
  }
  CHECK(half.values[4] > std::min(plain.values[4], warped.values[4]));
  CHECK(half.values[4] < std::max(plain.values[4], warped.values[4]));
  const WarpedOutputs exact = warp_outputs({1.0, 2.0, 3.0}, {0.0, 0.0, 0.0});
  CHECK(exact.variances == std::vector<double>{0.0, 0.0, 0.0});
}

namespace {

StudyBuilder learning_curves(Goal goal) {
  Space space;
  space.uniform("x", 0.0, 1.0);
  const double sign = goal == Goal::kMaximize ? 1.0 : -1.0;
  StudyBuilder builder(space, goal == Goal::kMaximize ? maximize("score") : minimize("loss"));
  for (const double gain : {1.0, 2.0, 6.0}) {  // after step 2: gain, 2 gain, ... to step 4
    builder.add({configuration_of(space, {{"x", 0.5}}), {sign * 1.0, sign * 0.5, sign * 1.0, sign * (1.0 + gain)}});
  }
  return builder;
}

}  // namespace

TEST_CASE("a stopped trial is predicted from its best value and the median remaining gain") {
  for (const Goal goal : {Goal::kMaximize, Goal::kMinimize}) {
    const double sign = goal == Goal::kMaximize ? 1.0 : -1.0;
    StudyBuilder builder = learning_curves(goal);
    const Configuration x = builder.record().trial(1).configuration;
    const TrialId stopped = builder.add({x, {sign * 3.0, sign * 2.5}, TrialStatus::kStopped, "median"});
    const auto predicted = predicted_final(builder.view(), builder.view().trial(stopped));
    REQUIRE(predicted);
    CHECK(predicted->mean == doctest::Approx(sign * 5.0));  // 3 + 2
    CHECK(predicted->variance == doctest::Approx((1.0 + 0.0 + 16.0) / 3.0));
    CHECK(predicted->references == 3);
    const auto exact = predicted_final(builder.view(), builder.view().trial(2));
    CHECK(exact->mean == sign * 3.0);
    CHECK(exact->variance == 0.0);
  }
}

TEST_CASE("prediction without references, without numbers, at the last step, and within a limit") {
  StudyBuilder builder = learning_curves(Goal::kMaximize);
  const Configuration x = builder.record().trial(1).configuration;
  const TrialId at_end = builder.add({x, {1.0, 1.0, 1.0, 2.0}, TrialStatus::kStopped, "target"});
  CHECK(predicted_final(builder.view(), builder.view().trial(at_end))->mean == 2.0);
  const TrialId silent = builder.add({x, {}, TrialStatus::kStopped, "user"});
  CHECK_FALSE(predicted_final(builder.view(), builder.view().trial(silent)));
  const TrialId early = builder.add({x, {1.0, 3.0}, TrialStatus::kStopped, "median"});
  FinalPredictor none(builder.view(), 0);
  const auto alone = none.predict(builder.view().trial(early));
  CHECK(alone->mean == 3.0);
  CHECK(alone->variance == doctest::Approx(2.0));
  CHECK(alone->references == 0);
  FinalPredictor first(builder.view(), 1);
  CHECK(first.predict(builder.view().trial(early))->mean == doctest::Approx(4.0));
}
