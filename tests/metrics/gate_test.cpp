#include "metrics/gate.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <memory>
#include <random>

#include "metrics/capture.hpp"
#include "metrics/literal_search.hpp"
#include "metrics/regex.hpp"

namespace tune::metrics {
namespace {

using Generator = std::mt19937_64;

const std::vector<std::string> kPatterns = {
    R"(loss=(\S+))",
    R"(.*loss=(\S+))",
    R"(.*?loss=(\S+))",
    R"(.*loss=\s*(\S+).*)",
    R"(\bloss=([0-9.]+))",
    R"(.*\bloss=([0-9.]+))",
    R"(loss=(\d+)$)",
    R"(.*loss=(\d+),)",
    R"(loss=(.*?);)",
    R"(loss=([0-9.]+)|acc=(\d))",
    R"((?i)loss=(\S+))",
    R"((?i:LOSS)=(\S+))",
    R"(^loss=(\S+))",
    R"(loss=?(\d))",
    R"(loss(=|: )(\d))",
    R"((?:train|val) loss=(\S+))",
    R"((train|val) loss=(\S+))",
    R"(IoU=0\.5:\s*(\S+))",
    R"(IoU=0\.5:0\.95: (\S+))",
    R"(\] Epoch (\d+) \(global)",
    R"(Epoch\[(\d+)\])",
    R"(.*(\d))",
    R"((\d*))",
    R"(x(y)?)",
    R"(lossloss=(\d))",
    R"(#011loss=(\S+))",
    "caf\xc3\xa9 (\\d)",
    R"([Ll]oss=(\d+))",
    R"(loss=(?P<value>[-+.\deE]+|nan).*)",
    R"(loss=(\d+).*?)",
    R"(loss=(\d+)\.*)",
    R"(.*.*loss=(\d))",
    R"(.*(?:a|b)loss=(\d))",
};

std::string random_line(Generator& generator) {
  static const std::vector<std::string> kPieces = {"loss=",
                                                   "loss",
                                                   "=",
                                                   "1",
                                                   "23",
                                                   ".5",
                                                   ", ",
                                                   ";",
                                                   " ",
                                                   "acc=",
                                                   "val ",
                                                   "train ",
                                                   "LOSS=",
                                                   "Loss=",
                                                   "val_",
                                                   "IoU=0.5:",
                                                   "0.95:",
                                                   " 0.3",
                                                   "] Epoch ",
                                                   " (global",
                                                   "Epoch[",
                                                   "]",
                                                   "x",
                                                   "y",
                                                   "\t",
                                                   "#011",
                                                   "caf\xc3\xa9 ",
                                                   "\xff",
                                                   "nan",
                                                   ": ",
                                                   "e-5",
                                                   "a",
                                                   "los",
                                                   std::string("\0", 1)};
  std::string line;
  for (std::size_t i = generator() % 12; i > 0; --i) line += kPieces[generator() % kPieces.size()];
  return line;
}

}  // namespace

TEST_CASE("a capture is RE2's, however it is found, and the gate lets every match through") {
  std::vector<std::string> translated;
  for (const std::string& pattern : kPatterns) translated.push_back(to_re2(pattern));
  const Gate gate(translated, regex_options());
  std::vector<std::unique_ptr<RE2>> plain;
  std::vector<std::unique_ptr<Capture>> quick;
  for (std::size_t i = 0; i < kPatterns.size(); ++i) {
    plain.push_back(std::make_unique<RE2>(translated[i], regex_options()));
    REQUIRE_MESSAGE(plain.back()->ok(), kPatterns[i]);
    quick.push_back(std::make_unique<Capture>(kPatterns[i]));
  }
  Generator generator(99);
  std::vector<int> found;
  std::vector<std::size_t> matches(kPatterns.size());
  std::size_t held_back = 0;
  for (int round = 0; round < 20000; ++round) {
    const std::string line = random_line(generator);
    gate.match(line, found);
    REQUIRE(std::is_sorted(found.begin(), found.end()));
    for (std::size_t i = 0; i < kPatterns.size(); ++i) {
      re2::StringPiece group[2];
      const bool matched = plain[i]->Match(line, 0, line.size(), RE2::UNANCHORED, group, 2);
      const bool passed = std::count(found.begin(), found.end(), static_cast<int>(i)) == 1;
      std::string_view mine;
      CAPTURE(line);
      CAPTURE(kPatterns[i]);
      REQUIRE(quick[i]->search(line, mine) == matched);
      if (matched) REQUIRE(mine == std::string_view(group[1].data() ? group[1].data() : "", group[1].size()));
      if (matched) REQUIRE(passed);
      matches[i] += matched ? 1 : 0;
      held_back += passed ? 0 : 1;
    }
  }
  for (std::size_t i = 0; i < kPatterns.size(); ++i) {
    CAPTURE(kPatterns[i]);
    CHECK(matches[i] > 0);
  }
  CHECK(held_back > 20000 * kPatterns.size() / 2);
}

TEST_CASE("texts are found wherever they stand") {
  const std::vector<std::string> texts = {"loss", "val_loss: ", "map(bbox)/iou=0.5", "map(bbox)/iou=0.5:0.95", "aaaa", "aaaaa"};
  const LiteralSearch search(texts);
  Generator generator(5);
  const std::vector<std::string> pieces = {"loss", "LOSS", "val_", ": ", "mAP(bbox)/", "IoU=0.5", ":0.95",
                                           "a",    "aaaa", "A",    "x",  "[",          "\x0c"};
  for (int round = 0; round < 20000; ++round) {
    std::string line;
    for (std::size_t i = generator() % 9; i > 0; --i) line += pieces[generator() % pieces.size()];
    std::string lower = line;
    for (char& c : lower) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
    std::vector<int> expected(texts.size());
    std::vector<int> counted(texts.size());
    for (std::size_t i = 0; i < texts.size(); ++i) {
      for (auto at = lower.find(texts[i]); at != std::string::npos; at = lower.find(texts[i], at + 1)) ++expected[i];
    }
    search.search(line, [&](std::size_t text) { ++counted[text]; });
    CAPTURE(line);
    REQUIRE(counted == expected);
  }
}

}  // namespace tune::metrics
