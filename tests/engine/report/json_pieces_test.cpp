#include "engine/report/json_pieces.hpp"

#include <doctest/doctest.h>

namespace tune::engine {
namespace {

/// What must be written as json_text() writes it: texts that need escapes or are no UTF-8, empty and nested values.
Json odd_values() {
  return {{"text", "a\nb\t\"c\" \xC2\x9B \xFF"}, {"none", nullptr},          {"empty", Json::object()},
          {"list", {1, 2.5, "x", {{"y", {}}}}},  {"nothing", Json::array()}, {"deep", {{"deeper", {{"deepest", {1, {2}}}}}}}};
}

}  // namespace

TEST_CASE("a document that is written piece by piece is that which is written whole") {
  Json whole = {{"schema", 1}, {"odd", odd_values()}, {"none", Json::array()}, {"list", Json::array()}, {"end", {{"a", 1}}}};
  std::string text;
  const Sink sink = [&](std::string_view piece) { text += piece; };
  JsonPieces out(sink);
  out.member("schema", 1);
  out.member("odd", odd_values());
  out.open_array("none");
  out.close();
  out.open_array("list");
  for (int i = 0; i < 2; ++i) {
    out.element(odd_values());
    out.open_object();
    out.member("i", i);
    out.open_array("inner");
    out.element(i);
    out.element(odd_values());
    out.close();
    out.close();
    out.open_object();
    out.close();
    whole["list"].push_back(odd_values());
    whole["list"].push_back({{"i", i}, {"inner", {i, odd_values()}}});
    whole["list"].push_back(Json::object());
  }
  out.close();
  out.member("end", {{"a", 1}});
  out.close();
  CHECK(text == json_text(whole));
}

TEST_CASE("an empty document is one, too") {
  std::string text;
  const Sink sink = [&](std::string_view piece) { text += piece; };
  JsonPieces(sink).close();
  CHECK(text == json_text(Json::object()));
}

}  // namespace tune::engine
