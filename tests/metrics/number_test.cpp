#include "metrics/number.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <string>

namespace tune::metrics {

TEST_CASE("numbers are read as programs print them") {
  const double inf = std::numeric_limits<double>::infinity();
  CHECK(parse_number("0.9123") == 0.9123);
  CHECK(parse_number("1.2e-05") == 1.2e-5);
  CHECK(parse_number("-3E+2") == -300.0);
  CHECK(parse_number("+.5") == 0.5);
  CHECK(parse_number("7.") == 7.0);
  CHECK(parse_number(" 888\t") == 888.0);
  CHECK(parse_number("71.59%") == 71.59);
  CHECK(parse_number("-1,234.5") == -1234.5);
  CHECK(parse_number("1,234,567") == 1234567.0);
  CHECK(parse_number("12,345%") == 12345.0);
  CHECK(std::isnan(*parse_number("NaN")));
  CHECK(std::isnan(*parse_number("-nan")));
  CHECK(parse_number("inf") == inf);
  CHECK(parse_number("-Infinity") == -inf);
  CHECK(parse_number("1e999") == inf);
  CHECK(parse_number("-1e999") == -inf);
  CHECK(parse_number("1e-999") == 0.0);
  CHECK(parse_number("123" + std::string(400, '0')) == inf);
  CHECK(parse_number("0." + std::string(400, '0') + "1") == 0.0);
  CHECK(parse_number("5e-324") == 5e-324);
}

TEST_CASE("anything else is no number") {
  for (const char* text :
       {"",   " ",   ".", "-",   "+-1",  "--1",     "1.2.3", "0.95:", "0.5,", "1,23",   "1234,567", ",123", "1,234,5", "0x10",
        "1e", "1e+", "%", "5%%", "nan%", "infinit", "1 2",   "1_000", "e5",   "1,234e", "1d5",      "N/A",  "\xc2\xb5"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_number(text).has_value());
  }
  CHECK_FALSE(parse_number(std::string_view("1\0", 2)).has_value());
}

TEST_CASE("steps are whole") {
  CHECK(parse_step("12") == 12);
  CHECK(parse_step("007") == 7);
  CHECK(parse_step("3.0") == 3);
  CHECK(parse_step("-1") == -1);
  CHECK(parse_step("1,000") == 1000);
  CHECK(parse_step("9007199254740992") == 9007199254740992);
  for (const char* text : {"", "0.5", "nan", "inf", "5%", "1e300", "3/10"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_step(text).has_value());
  }
}

}  // namespace tune::metrics
