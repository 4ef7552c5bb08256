#include "trainers/support/flat_json.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace tune::trainer;

TEST_CASE("numbers keep their text, strings are unescaped, null is left out") {
  const auto object =
      parse_flat_json(" {\"a\": 1e-5, \"b\":\"x\\n\\u00e9\\\"\\ud83d\\ude00\", \"c\": true,\"d\":null, \"e\": -0.10 }\n");
  REQUIRE(object.ok());
  const FlatObject expected = {{"a", "1e-5"}, {"b", "x\n\xc3\xa9\"\xf0\x9f\x98\x80"}, {"c", "true"}, {"e", "-0.10"}};
  CHECK(object.value() == expected);
  CHECK(parse_flat_json("{}").value().empty());
}

TEST_CASE("what is written reads back") {
  const FlatObject object = {{"plain", "1"}, {"quotes \" and \\", std::string("tab\tnul\0.", 9)}, {"", ""}};
  const auto back = parse_flat_json(write_flat_json(object));
  REQUIRE(back.ok());
  CHECK(back.value() == object);
}

TEST_CASE("anything else is refused") {
  for (const std::string text : {"",
                                 "{",
                                 "{\"a\"}",
                                 "{\"a\":}",
                                 "{\"a\":1,}",
                                 "{\"a\":1} x",
                                 "{\"a\":[1]}",
                                 "{\"a\":{}}",
                                 "{\"a\":01x}",
                                 "{\"a\":nan}",
                                 "{\"a\":.5}",
                                 "{\"a\":1,\"a\":2}",
                                 "{\"a\":\"\\x\"}",
                                 "{\"a\":\"\\u12\"}",
                                 "{\"a\":\"\\ud800\"}",
                                 "{\"a\":\"open}",
                                 "{a:1}",
                                 "[]",
                                 "{\"a\":1 \"b\":2}",
                                 "{\"a\":tru}",
                                 "{\"a\":\"\n\"}"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_flat_json(text).ok());
  }
}
