#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <numbers>

#include "strategies/curves/backward.hpp"
#include "strategies/curves/forward.hpp"
#include "strategies/curves/student.hpp"
#include "tests/strategies_stopping/median_support.hpp"
#include "tune/random.hpp"

namespace tune::test {
namespace {

using strategies::Glimpse;
using strategies::Look;

TEST_CASE("Student's tail: closed forms, symmetry, the normal limit, numerical integration") {
  for (const double t : {-30.0, -2.5, -0.3, 0.0, 1e-9, 0.7, 3.0, 50.0, 1e6}) {
    CAPTURE(t);
    CHECK(strategies::student_tail(t, 1.0) ==
          doctest::Approx(t > 1.0 ? std::atan(1.0 / t) / std::numbers::pi : 0.5 - std::atan(t) / std::numbers::pi).epsilon(1e-9));
    const double root = std::sqrt(2.0 + t * t);
    CHECK(strategies::student_tail(t, 2.0) ==
          doctest::Approx(t > 1.0 ? 1.0 / (root * (root + t)) : 0.5 - 0.5 * t / root).epsilon(1e-9));
    CHECK(strategies::student_tail(t, 7.3) + strategies::student_tail(-t, 7.3) == doctest::Approx(1.0).epsilon(1e-12));
    if (t < 30.0)
      CHECK(strategies::student_tail(t, 1e9) == doctest::Approx(0.5 * std::erfc(t / std::numbers::sqrt2)).epsilon(1e-6));
  }
  // Simpson's rule on the density from t to where it is negligible.
  for (const double degrees : {2.6, 5.0, 11.5}) {
    const double t = 1.4;
    const double constant = std::tgamma((degrees + 1) / 2) / (std::sqrt(degrees * std::numbers::pi) * std::tgamma(degrees / 2));
    const auto density = [&](double u) {  // x = t / u, dx = t / u^2 du
      const double x = t / u;
      return constant * std::pow(1 + x * x / degrees, -(degrees + 1) / 2) * t / (u * u);
    };
    constexpr int kPieces = 20000;
    double sum = density(1.0);
    for (int i = 1; i < kPieces; ++i) sum += (i % 2 == 1 ? 4 : 2) * density(static_cast<double>(i) / kPieces);
    CHECK(strategies::student_tail(t, degrees) == doctest::Approx(sum / (3 * kPieces)).epsilon(1e-7));
  }
}

/// Solves a linear system by Gaussian elimination with pivoting.
template <std::size_t N>
std::array<long double, N> solve(std::array<std::array<long double, N>, N> a, std::array<long double, N> b) {
  for (std::size_t i = 0; i < N; ++i) {
    std::size_t pivot = i;
    for (std::size_t j = i + 1; j < N; ++j) {
      if (std::abs(a[j][i]) > std::abs(a[pivot][i])) pivot = j;
    }
    std::swap(a[i], a[pivot]);
    std::swap(b[i], b[pivot]);
    for (std::size_t j = 0; j < N; ++j) {
      if (j == i) continue;
      const long double factor = a[j][i] / a[i][i];
      for (std::size_t k = 0; k < N; ++k) a[j][k] -= factor * a[i][k];
      b[j] -= factor * b[i];
    }
  }
  for (std::size_t i = 0; i < N; ++i) b[i] /= a[i][i];
  return b;
}

/// A look at random rows: results that levels and gains say something about. Best result first.
Look random_look(std::uint64_t seed, int rows) {
  RandomStream stream(seed, 1, "look");
  Look look;
  look.step = 5;
  for (int i = 0; i < rows; ++i) {
    Glimpse row;
    row.level = stream.normal();
    row.gain = 0.3 * stream.normal();
    row.result = row.level + 2.0 * row.gain + 0.4 * stream.normal();
    look.rows.push_back(row);
  }
  std::ranges::sort(look.rows, std::greater<>(), &Glimpse::result);
  look.judged = {.level = stream.normal() - 0.5, .gain = 0.3 * stream.normal(), .result = 0.0};
  return look;
}

double deviation(const std::vector<Glimpse>& rows, double Glimpse::*part) {
  double mean = 0.0, square = 0.0;
  for (const Glimpse& row : rows) mean += row.*part / static_cast<double>(rows.size());
  for (const Glimpse& row : rows) square += (row.*part - mean) * (row.*part - mean) / static_cast<double>(rows.size());
  return std::sqrt(square);
}

TEST_CASE("forward: the weighted ridge regression, against the definition in long double") {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    const Look look = random_look(seed, 4 + static_cast<int>(seed) % 30);
    const auto found = strategies::forecast(look);
    REQUIRE(found.has_value());
    const double s1 = deviation(look.rows, &Glimpse::level);
    const double s2 = deviation(look.rows, &Glimpse::gain);
    const auto basis = [&](const Glimpse& row) {
      return std::array<long double, 3>{1.0L, row.level / s1, row.gain / s2};  // not centred at the judged trial
    };
    const auto x0 = basis(look.judged);
    std::array<std::array<long double, 3>, 3> a{};
    std::array<long double, 3> r{};
    a[1][1] = a[2][2] = 0.3L;
    long double weights = 0.0L;
    const auto weight = [&](const std::array<long double, 3>& x) {
      return 1.0L / (1.0L + ((x[1] - x0[1]) * (x[1] - x0[1]) + (x[2] - x0[2]) * (x[2] - x0[2])) / 0.49L);
    };
    for (const Glimpse& row : look.rows) {
      const auto x = basis(row);
      const long double w = weight(x);
      weights += w;
      for (std::size_t i = 0; i < 3; ++i) {
        r[i] += w * x[i] * (row.result - row.level);
        for (std::size_t j = 0; j < 3; ++j) a[i][j] += w * x[i] * x[j];
      }
    }
    const auto coefficients = solve<3>(a, r);
    const auto inverse_x0 = solve<3>(a, x0);
    long double residuals = 0.006L * std::pow(deviation(look.rows, &Glimpse::result), 2);
    for (const Glimpse& row : look.rows) {
      const auto x = basis(row);
      long double error = row.result - row.level;
      for (std::size_t i = 0; i < 3; ++i) error -= coefficients[i] * x[i];
      residuals += weight(x) * error * error;
    }
    long double mean = look.judged.level;
    long double leverage = 1.0L;
    for (std::size_t i = 0; i < 3; ++i) mean += coefficients[i] * x0[i], leverage += x0[i] * inverse_x0[i];
    const long double degrees = std::max(weights - 3.0L, 2.0L);
    // The tiny ridge on the offset is the one difference.
    CHECK(found->mean == doctest::Approx(static_cast<double>(mean)).epsilon(0.02));
    CHECK(found->scale == doctest::Approx(static_cast<double>(std::sqrt(residuals / degrees * leverage))).epsilon(0.02));
    CHECK(found->degrees == doctest::Approx(static_cast<double>(degrees)));
  }
}

TEST_CASE("forward: what it calls improbable happens no more often than it says") {
  // The model's own world, many looks.
  constexpr int kLooks = 4000;
  for (const double chance : {0.02, 0.1, 0.25}) {
    int above = 0;
    int below = 0;
    for (int seed = 1; seed <= kLooks; ++seed) {
      const Look look = random_look(static_cast<std::uint64_t>(seed), 30);
      RandomStream stream(static_cast<std::uint64_t>(seed), 2, "result");
      const double result = look.judged.level + 2.0 * look.judged.gain + 0.4 * stream.normal();
      const double said = strategies::forecast(look)->chance_above(result);
      above += said < chance ? 1 : 0;
      below += said > 1.0 - chance ? 1 : 0;
    }
    // Cautious, as far trials weigh less; but not without end.
    for (const int count : {above, below}) {
      CAPTURE(chance);
      CHECK(count < 1.15 * chance * kLooks);
      CHECK(count > (chance > 0.05 ? 0.15 : 0.0) * chance * kLooks);
    }
  }
}

TEST_CASE("backward: the share of good trials that would look no better, against the definition in long double") {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    const Look look = random_look(seed, 4 + static_cast<int>(seed) % 30);
    const auto found = strategies::chance_of_looking_like_this(look);
    REQUIRE(found.has_value());
    const std::size_t n = look.rows.size();
    const double median = n % 2 == 1 ? look.rows[n / 2].result : (look.rows[n / 2 - 1].result + look.rows[n / 2].result) / 2;
    const double unit = look.rows[0].result - median;
    std::array<std::array<long double, 2>, 2> a{};
    std::array<long double, 2> r{};
    a[1][1] = 0.1L;
    std::vector<long double> w(n), z(n);
    for (std::size_t i = 0; i < n; ++i) {
      w[i] = std::pow(1.0L + static_cast<long double>(i * i) / 36.0L, -2.0L);
      z[i] = (look.rows[i].result - look.rows[2].result) / unit;
      a[0][0] += w[i];
      a[0][1] += w[i] * z[i];
      a[1][1] += w[i] * z[i] * z[i];
      r[0] += w[i] * look.rows[i].level;
      r[1] += w[i] * z[i] * look.rows[i].level;
    }
    a[1][0] = a[0][1];
    auto line = solve<2>(a, r);
    if (line[1] < 0.0L) line = {r[0] / a[0][0], 0.0L};
    const auto inverse = solve<2>(a, {1.0L, 0.0L});
    long double residuals = 0.0L;
    for (std::size_t i = 0; i < n; ++i) residuals += w[i] * std::pow(look.rows[i].level - line[0] - line[1] * z[i], 2.0L);
    const long double degrees = std::max(a[0][0] - 2.0L, 2.0L);
    const long double scale = std::sqrt(residuals / degrees * (1.0L + inverse[0]));
    const auto t = static_cast<double>((line[0] - look.judged.level) / scale);
    CHECK(*found == doctest::Approx(strategies::student_tail(t, static_cast<double>(degrees))).epsilon(1e-6));
  }
}

/// Ten straight lines from 0 to 0.1, 0.2, ... 1 in ten steps, completed; then one more up to `until`.
StudyBuilder lines(double end, int until, TrialId& judged, Goal goal = Goal::kMaximize) {
  StudyBuilder study = curves(goal);
  study.record().declared_max_step = 10;
  const double sign = goal == Goal::kMaximize ? 1.0 : -1.0;
  for (int i = 1; i <= 10; ++i) {
    std::vector<double> curve;
    // A little bent, so that a line does not say everything.
    for (int step = 1; step <= 10; ++step) curve.push_back(sign * 0.1 * i * (step + 0.05 * ((i * step) % 3)) / 10.0);
    study.add({.curve = std::move(curve)});
  }
  std::vector<double> curve;
  for (int step = 1; step <= until; ++step) curve.push_back(sign * end * step / 10.0);
  judged = study.add({.curve = std::move(curve), .status = TrialStatus::kInProgress});
  return study;
}

TEST_CASE("auto: a trial among the worst is stopped at the first look, one among the best never, both ways round") {
  for (const Goal goal : {Goal::kMaximize, Goal::kMinimize}) {
    const auto rule = make_rule("auto").value();
    TrialId judged = 0;
    const StudyBuilder bad = lines(0.15, 3, judged, goal);
    const Decision stop = judge_last(*rule, bad, judged);
    CHECK(stop.kind == Decision::Kind::kStop);
    CHECK(stop.references.size() == 10);
    CHECK(number(stop, "chance") == doctest::Approx(std::sqrt(number(stop, "forward") * number(stop, "backward"))));
    CHECK(number(stop, "chance") < number(stop, "delta"));
    CHECK(std::abs(number(stop, "predicted")) == doctest::Approx(0.15).epsilon(0.3));
    CHECK(stop.reason.find("is less than 7.5 %") != std::string::npos);
    for (const int step : {1, 3, 5, 9}) {
      const StudyBuilder good = lines(1.02, step, judged, goal);
      CHECK_FALSE(stops(*rule, good, judged));
    }
  }
}

TEST_CASE("auto and predicted: too few completed trials, results all alike, the last step, NaN") {
  for (const char* name : {"auto", "predicted"}) {
    const auto rule = make_rule(name, {{"looks", std::string("every")}}).value();
    StudyBuilder study = curves();
    study.record().declared_max_step = 4;
    const auto add_running = [&](std::vector<double> curve) {
      return study.add({.curve = std::move(curve), .status = TrialStatus::kInProgress});
    };
    for (int i = 0; i < 3; ++i) study.add({.curve = {1.0 * i, 2.0 * i, 3.0 * i, 4.0 * i}});
    CHECK(judge_last(*rule, study, add_running({-50, -50})).reason.find("3 of the") != std::string::npos);
    for (int i = 3; i < 9; ++i) study.add({.curve = {1.0 * i, 2.0 * i, 3.0 * i, 4.0 * i}});
    CHECK(stops(*rule, study, add_running({-50, -50})));
    CHECK_FALSE(stops(*rule, study, add_running({-50, -50, -50, -50})));
    CHECK(stops(*rule, study, add_running({5, std::nan("")})));
    CHECK_FALSE(stops(*rule, study, add_running({8, 16})));
    StudyBuilder alike = curves();
    for (int i = 0; i < 9; ++i) alike.add({.curve = {1, 2, 3, 4}});
    const TrialId worse = alike.add({.curve = {0, 0}, .status = TrialStatus::kInProgress});
    CHECK(judge_last(*rule, alike, worse).reason.find("do not differ") != std::string::npos);
  }
}

TEST_CASE("the example of docs/early-stopping.md") {
  StudyBuilder study = curves();
  study.record().declared_max_step = 20;
  study.add({.curve = {.40, .50, .85}});
  study.add({.curve = {.32, .40, .82}});
  study.add({.curve = {.20, .30, .55}});
  study.add({.curve = {.12, .20, .52}});
  study.add({.curve = {.05, .10, .25}});
  study.add({.curve = {.10, .25, .40}});
  const TrialId trial = study.add({.curve = {.08, .15}, .status = TrialStatus::kInProgress});
  const Decision decision = judge_last(*make_rule("auto").value(), study, trial);
  CHECK(decision.kind == Decision::Kind::kStop);
  CHECK(number(decision, "predicted") == doctest::Approx(0.385).epsilon(0.001));
  CHECK(number(decision, "scale") == doctest::Approx(0.079).epsilon(0.001));
  CHECK(number(decision, "forward") == doctest::Approx(0.0138).epsilon(0.005));
  CHECK(number(decision, "backward") == doctest::Approx(0.0849).epsilon(0.001));
  CHECK(number(decision, "chance") == doctest::Approx(0.0343).epsilon(0.002));
}

TEST_CASE("predicted: a larger delta and a higher bar stop more") {
  TrialId judged = 0;
  const StudyBuilder study = lines(0.75, 5, judged);
  const auto chance = [&](std::int64_t top) {
    return number(judge_last(*make_rule("predicted", {{"top", top}, {"looks", std::string("every")}}).value(), study, judged),
                  "chance");
  };
  CHECK(chance(1) < chance(3));
  CHECK(chance(3) < chance(6));
  const double between = chance(3);
  const auto with_delta = [&](double delta) {
    return stops(*make_rule("predicted", {{"delta", delta}, {"looks", std::string("every")}}).value(), study, judged);
  };
  CHECK_FALSE(with_delta(between * 0.99));
  CHECK(with_delta(between * 1.01));
}

}  // namespace
}  // namespace tune::test
