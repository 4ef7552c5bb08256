#include "engine/text/printable.hpp"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

namespace tune::engine {
namespace {

TEST_CASE("nothing steers the terminal") {
  CHECK(printable("a\x1b[31mb\r\n\tc") == "a?[31mb?? c");
  CHECK(printable("\xC2\x9B"
                  "2J") == "?2J");  // the one-character CSI
  CHECK(printable("\xFF") == "?");
  CHECK(printable("学") == "学");
  CHECK(printable("\x7F") == "?");
  CHECK(printable("\xE2\x80\xAE"
                  "abc") == "?abc");  // turns the direction
  CHECK(printable("a\xE2\x80\xA8"
                  "b\xE2\x81\xA7") == "a?b?");  // a line separator, an isolate
  CHECK(printable("\xF0\x80\x82\x9B") == "?");  // CSI in an overlong form
  CHECK(printable(std::string("a\0b", 3)) == "a?b");
}

TEST_CASE("the lines of a text stay lines") {
  CHECK(printable_lines("a\tb\n\x1b[2J\r\n\n\xFF") == "a\tb\n?[2J?\n\n?");
  CHECK(printable_lines("").empty());
  CHECK(printable_lines("\n") == "\n");
}

TEST_CASE("JSON that steers nothing is the same JSON") {
  const nlohmann::json json = {{"a\x7F", "\xC2\x9B 学 \xE2\x80\xAE \x1b \n \"\\"}, {"b", {1, nullptr}}};
  const std::string plain = plain_json(json.dump(1));
  CHECK(nlohmann::json::parse(plain) == json);
  CHECK(printable_lines(plain) == plain);
  CHECK(plain.find("\\u009b 学 \\u202e \\u001b \\n") != std::string::npos);
  CHECK(plain.find("a\\u007f") != std::string::npos);
}

}  // namespace
}  // namespace tune::engine
