#include <doctest/doctest.h>

#include "tune/random.hpp"

TEST_CASE("a stream is a function of its key") {
  tune::RandomStream a(7, 3, "audit");
  tune::RandomStream b(7, 3, "audit");
  tune::RandomStream other_trial(7, 4, "audit");
  tune::RandomStream other_purpose(7, 3, "sobol");
  for (int i = 0; i < 100; ++i) {
    const auto draw = a();
    CHECK(draw == b());
    CHECK(draw != other_trial());
    CHECK(draw != other_purpose());
  }
}

TEST_CASE("uniform, below and normal have the right moments") {
  tune::RandomStream stream(1, 1, "moments");
  constexpr int kDraws = 200000;
  double sum = 0.0;
  double normal_sum = 0.0;
  double normal_squares = 0.0;
  std::array<int, 3> counts{};
  for (int i = 0; i < kDraws; ++i) {
    const double u = stream.uniform();
    REQUIRE(u >= 0.0);
    REQUIRE(u < 1.0);
    sum += u;
    const double z = stream.normal();
    normal_sum += z;
    normal_squares += z * z;
    ++counts[stream.below(3)];
  }
  CHECK(sum / kDraws == doctest::Approx(0.5).epsilon(0.01));
  CHECK(std::abs(normal_sum / kDraws) < 0.01);
  CHECK(normal_squares / kDraws == doctest::Approx(1.0).epsilon(0.02));
  for (const int count : counts) CHECK(count == doctest::Approx(kDraws / 3.0).epsilon(0.02));
}
