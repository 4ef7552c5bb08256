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
