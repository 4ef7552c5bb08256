#include "engine/text/plain_stream.hpp"

#include <doctest/doctest.h>

#include "engine/text/printable.hpp"
#include "tune/random.hpp"

namespace tune::engine {
namespace {

std::string plain(std::string_view text) {
  PlainStream stream;
  const std::string shown = stream.feed(text);
  return shown + stream.finish();
}

TEST_CASE("a terminal is given the text of a log") {
  CHECK(plain("epoch 1\tloss=0.5\n") == "epoch 1\tloss=0.5\n");
  CHECK(plain("\x1b[1;32mgood\x1b[0m \x1b(Bnews\n") == "good news\n");
  CHECK(plain("\x1b]0;a title\x07 after\n") == " after\n");
  CHECK(plain("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\\n") == "link\n");
  CHECK(plain("10%\r20%\r\nend\n") == "10%\n20%\nend\n");  // a bar's states are lines; a return and a line feed are one end
  CHECK(plain("a\x08\x07\x9b\xC2\x9B学\n") == "a????学\n");
  CHECK(plain("cut \xE5\xAD") == "cut ??");
}

TEST_CASE("a sequence without an end does not swallow the next line") {
  CHECK(plain("a\x1b]0;title without an end\nb\n") == "a\nb\n");
  CHECK(plain("a\x1b[12\nb\n") == "a\nb\n");
  CHECK(plain("a\x1b\nb\n") == "a\nb\n");
}

TEST_CASE("pieces do not matter, and nothing comes out that steers") {
  constexpr std::string_view kAlphabet = "ab\n\r\t\x1b[];m0\x07\\\xE5\xAD\xA6\xC2\x9B\xF0\x9F\xFF";
  RandomStream random(1, 1, "plain");
  for (int repeat = 0; repeat < 2000; ++repeat) {
    std::string text;
    for (std::uint32_t left = random() % 40; left > 0; --left) text += kAlphabet[random() % kAlphabet.size()];
    PlainStream stream;
    std::string pieces;
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t size = 1 + random() % 5;
      pieces += stream.feed(std::string_view(text).substr(at, size));
      at += size;
    }
    pieces += stream.finish();
    CHECK(pieces == plain(text));
    CHECK(printable_lines(pieces) == pieces);
  }
}

}  // namespace
}  // namespace tune::engine
