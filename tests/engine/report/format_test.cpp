#include "engine/report/format.hpp"

#include <doctest/doctest.h>

#include <limits>

#include "engine/report/text_table.hpp"
#include "tests/engine/report/sample_study.hpp"

namespace tune::engine {
namespace {

TEST_CASE("durations") {
  CHECK(duration_text(0.04) == "0.0 s");
  CHECK(duration_text(9.94) == "9.9 s");
  CHECK(duration_text(9.96) == "10 s");
  CHECK(duration_text(59.6) == "1 min 00 s");
  CHECK(duration_text(185) == "3 min 05 s");
  CHECK(duration_text(3600) == "1 h 00 min");
  CHECK(duration_text(2 * 86400 + 3 * 3600) == "2 d 03 h");
  CHECK(hours_text(840.2) == "0.233 h");
}

TEST_CASE("times are ISO 8601 in UTC") {
  CHECK(iso_time(test::moment(0.000007)) == "2026-02-03T04:05:06.000007Z");
  CHECK(iso_time_short(test::moment(59.999)) == "2026-02-03T04:06:05Z");
}

TEST_CASE("numbers for people") {
  CHECK(shortened(0.00123456789) == "0.0012346");
  CHECK(shortened(32.0) == "32");
  CHECK(shortened(std::numeric_limits<double>::quiet_NaN()) == "nan");
  CHECK(fixed(std::numeric_limits<double>::max(), 2).size() == 312);
  CHECK(shortened(Value{true}) == "true");
}

TEST_CASE("widths are columns, not bytes") {
  CHECK(display_width("abc") == 3);
  CHECK(display_width("▁▅█") == 3);
  CHECK(display_width("学習") == 4);
  CHECK(display_width("e\xCC\x81") == 1);  // e and a combining acute accent
  CHECK(display_width("\xFF\xFE") == 2);
  CHECK(clipped("学習率", 5) == "学習…");
  CHECK(clipped("学習率", 4) == "学…");
  CHECK(clipped("abc", 3) == "abc");
  CHECK(clipped("abcd", 3) == "ab…");
  CHECK(clipped("abcd", 0).empty());
  CHECK(padded("学", 4) == "学  ");
  CHECK(padded("7", 3, true) == "  7");
}

TEST_CASE("a table is as wide as its cells and has no blanks at the ends of lines") {
  TextTable table({{"n", true}, {"name", false}, {"x", false}});
  table.add({"10", "学", "y"});
  table.add({"9", "abcdef", ""});
  CHECK(table.text("  ") == "   n  name    x\n  10  学      y\n   9  abcdef\n");
}

}  // namespace
}  // namespace tune::engine
