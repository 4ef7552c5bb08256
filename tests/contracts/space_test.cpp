#include "tune/space.hpp"

#include <doctest/doctest.h>

using namespace tune;

namespace {

Parameter stepped(double min, double max, double step) {
  Parameter parameter;
  parameter.name = "p";
  parameter.min = min;
  parameter.max = max;
  parameter.step = step;
  return parameter;
}

}  // namespace

TEST_CASE("beliefs are set by handle; a wrong one is the space's first error") {
  Space space;
  const auto rate = space.log_uniform("rate", 1e-5, 1.0);
  const auto layers = space.integer("layers", 1, 9);
  const auto optimizer = space.categorical("optimizer", {"sgd", "adam"});
  const auto momentum = space.when(optimizer, {"sgd"}).uniform("momentum", 0.0, 1.0);
  space.prior(rate, 0.01).prior(layers, 3, Confidence::kHigh).prior(optimizer, "adam").prior(momentum, 1, Confidence::kLow);
  REQUIRE_MESSAGE(space.status().ok(), space.status().message());
  CHECK(space[0].prior == Prior{0.01, Confidence::kMedium});
  CHECK(space[1].prior == Prior{std::int64_t{3}, Confidence::kHigh});
  CHECK(space[2].prior == Prior{std::string("adam"), Confidence::kMedium});
  CHECK(space[3].prior == Prior{1.0, Confidence::kLow});

  Space outside = space;
  outside.prior(rate, 2.0).prior(optimizer, "nag");
  CHECK(outside.status().message() == "parameter 'rate': prior 2 is outside [1e-05, 1]");
  Space unknown = space;
  unknown.prior(optimizer, "nag");
  CHECK(unknown.status().message() == "parameter 'optimizer': prior nag is none of its values");
  Parameter half = space[1];
  half.name = "half";
  half.prior = Prior{2.5};
  CHECK(space.check(half).message() == "parameter 'half': prior 2.5 is no int");
}

TEST_CASE("a step may not make more values than the largest range of ints has") {
  Space space;
  CHECK(space.check(stepped(0.0, 1.0, 0x1.0p-54)).ok());
  CHECK(stepped(0.0, 1.0, 0x1.0p-54).cardinality() == (std::int64_t{1} << 54) + 1);
  for (const Parameter& parameter : {stepped(0.0, 1.0, 1e-300), stepped(0.0, 1.0, 1e-18), stepped(-1e308, 1e308, 1.0)}) {
    const Status refused = space.check(parameter);
    CHECK(refused.code() == ErrorCode::kInvalid);
    CHECK(refused.message().find("makes too many values of [") != std::string::npos);
  }
  Parameter whole = stepped(-kMaxExactInteger, kMaxExactInteger, 1.0);
  whole.type = ParameterType::kInt;
  CHECK(space.check(whole).ok());
  CHECK(whole.cardinality() == (std::int64_t{1} << 54) + 1);
}
