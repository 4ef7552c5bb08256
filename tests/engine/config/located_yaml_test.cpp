#include "engine/config/located_yaml.hpp"

#include <doctest/doctest.h>

#include <cmath>

using namespace tune::engine;
using Kind = YamlNode::Kind;

namespace {

std::string problem(const std::string& text) {
  const YamlDocument document = parse_yaml(text);
  REQUIRE(!document.problems.empty());
  const YamlProblem& first = document.problems.front();
  return std::to_string(first.mark.line) + ":" + std::to_string(first.mark.column) + " " + first.key + " " + first.message;
}
bool has(const std::string& text, const std::string& part) {
  CAPTURE(text);
  CHECK(text.find(part) != std::string::npos);
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("plain scalars follow YAML 1.2's core schema") {
  const auto kind = [](const char* text) { return plain_scalar(text).kind; };
  for (const char* text : {"", "~", "null", "Null", "NULL"}) CHECK(kind(text) == Kind::kNull);
  for (const char* text : {"true", "True", "TRUE", "false", "False", "FALSE"}) CHECK(kind(text) == Kind::kBool);
  for (const char* text : {"yes", "no", "on", "off", "y",    "tRue",  "1_000", "1:30", "1e",  "e5",
                           ".",   "+",  "0x", "0o8", "-0x1", "1.2.3", "nan",   "inf",  "- 1", "1 "}) {
    CAPTURE(text);
    CHECK(kind(text) == Kind::kText);
  }
  CHECK(plain_scalar("010").whole == 10);
  CHECK(plain_scalar("0x1F").whole == 31);
  CHECK(plain_scalar("0o17").whole == 15);
  CHECK(plain_scalar("-7").whole == -7);
  CHECK(plain_scalar("+7").whole == 7);
  CHECK(plain_scalar("-9223372036854775808").whole == INT64_MIN);
  CHECK(kind("7") == Kind::kInt);
  for (const auto& row : std::vector<std::pair<const char*, double>>{{"1e-5", 1e-5},
                                                                     {"1.5", 1.5},
                                                                     {".5", 0.5},
                                                                     {"5.", 5.0},
                                                                     {"-1E+3", -1000.0},
                                                                     {"+2.5e1", 25.0},
                                                                     {"1e5", 1e5},
                                                                     {"-.5", -0.5}}) {
    CHECK_MESSAGE(kind(row.first) == Kind::kFloat, row.first);
    CHECK_MESSAGE(plain_scalar(row.first).number == row.second, row.first);
  }
  CHECK(plain_scalar("-.inf").number == -INFINITY);
  CHECK(std::isnan(plain_scalar(".nan").number));
}

TEST_CASE("every node knows its place, columns count characters") {
  const YamlDocument document = parse_yaml("# c\na: 1\nb:\n  - x\n  - {k: 'é', l: \"é\"}\n\"é\": [1, 2]\nc: >\n  text\n");
  REQUIRE(document.complete);
  REQUIRE(document.problems.empty());
  const YamlNode& root = document.root;
  CHECK(root.members[0].mark == YamlMark{2, 1});
  CHECK(root.find("a")->mark == YamlMark{2, 4});
  CHECK(root.find("b")->items[0].mark == YamlMark{4, 5});
  CHECK(root.find("b")->items[1].mark == YamlMark{5, 5});
  CHECK(root.find("b")->items[1].find("k")->mark == YamlMark{5, 9});
  CHECK(root.find("b")->items[1].find("l")->mark == YamlMark{5, 17});
  CHECK(root.find("é")->items[1].mark == YamlMark{6, 10});
  CHECK(root.find("c")->mark == YamlMark{7, 4});
  CHECK(root.find("none") == nullptr);
}

TEST_CASE("quoted scalars and !!str are text, keys too") {
  const YamlDocument document = parse_yaml("a: '1'\nb: !!str 2\nc: \"~\"\n1: x\ntrue: y\nd: |\n  7\n");
  REQUIRE(document.problems.empty());
  for (const char* key : {"a", "b", "c", "1", "true", "d"}) {
    REQUIRE(document.root.find(key) != nullptr);
    CHECK(document.root.find(key)->kind == Kind::kText);
  }
}

TEST_CASE("anchors and aliases are copies") {
  const YamlDocument document = parse_yaml("a: &x {k: [1, 2]}\nb: *x\nc: &s word\nd: *s\n");
  REQUIRE(document.problems.empty());
  CHECK(document.root.find("b")->find("k")->items[1].whole == 2);
  CHECK(document.root.find("d")->text == "word");
}

TEST_CASE("duplicate keys are all reported with both places") {
  const YamlDocument document = parse_yaml("a: 1\nb: {c: 1, c: 2}\na: 3\na: 4\n");
  CHECK(document.complete);
  REQUIRE(document.problems.size() == 3);
  CHECK(document.problems[0].key == "b.c");
  CHECK(document.problems[0].mark == YamlMark{2, 11});
  CHECK(document.problems[0].message == "duplicate key, first given at 2:5");
  CHECK(document.problems[2].mark == YamlMark{4, 1});
  CHECK(document.problems[2].message == "duplicate key, first given at 1:1");
  CHECK(document.root.find("a")->whole == 1);
}

TEST_CASE("what is refused says where and why") {
  has(problem("a: &x {k: 1}\nb:\n  <<: *x\n"), "3:3 b.<< merge keys are not supported");
  has(problem("a: !python/object 1\n"), "tag '!python/object' is not used here");
  has(problem("? [a]\n: 1\n"), "a key must be text");
  has(problem("~: 1\n"), "a key must be text");
  has(problem("a: 1\n---\nb: 2\n"), "a second document");
  has(problem("a: &x [*x]\n"), "an alias inside its own anchor");
  has(problem("a: *nobody\n"), "1:4  not YAML");
  has(problem("a: 1\nb:\n\tc: 2\n"), "line 3 is indented with a tab");
  has(problem("a: [1, 2\n"), "not YAML");
  has(problem("a: 99999999999999999999\n"), "1:4 a given 99999999999999999999; allowed: integers of 64 bits");
  has(problem("a: [1, 1e999]\n"), "1:8 a[1] given 1e999; allowed: numbers that a double can hold");
  has(problem(std::string("a: b\0c\n", 7)), "1:5  control character 0x00");
  has(problem("a: \x04\n"), "control character 0x04");
  has(problem("ok: 1\na: \xE9t\xE9\n"), "2:4  byte 0xE9 is not UTF-8");
  has(problem("a: \xC0\x80\n"), "not UTF-8");
  has(problem(std::string("\xFF\xFE"
                          "a\0",
                          4)),
      "UTF-16");
}

TEST_CASE("a UTF-8 byte order mark, CRLF and JSON with tabs are read") {
  const YamlDocument marked = parse_yaml(
      "\xEF\xBB\xBF"
      "a: 1\r\nb: 2\r\n");
  REQUIRE(marked.problems.empty());
  CHECK(marked.root.find("a")->mark == YamlMark{1, 4});
  CHECK(marked.root.find("b")->whole == 2);
  const YamlDocument json = parse_yaml("{\n\t\"a\": {\n\t\t\"b\": [1e-5,\ttrue, null, \"\\u00e9\"]\n\t}\n}\n");
  REQUIRE_MESSAGE(json.problems.empty(), json.problems[0].message);
  CHECK(json.root.find("a")->find("b")->items[0].number == 1e-5);
  CHECK(json.root.find("a")->find("b")->items[3].text == "é");
}

TEST_CASE("empty texts are null") {
  for (const char* text : {"", "\n", "# only a comment\n", "---\n"}) {
    const YamlDocument document = parse_yaml(text);
    CHECK(document.complete);
    CHECK(document.root.kind == Kind::kNull);
  }
}

// What these would take without a bound: 9^9 nodes, 45 GB of text, a stack of 500,000 frames, hours.
TEST_CASE("bombs end at a bound") {
  std::string laughs = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n";
  for (int i = 1; i < 10; ++i) {
    laughs += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int j = 0; j < 9; ++j) laughs += (j ? ",*a" : "*a") + std::to_string(i - 1);
    laughs += "]\n";
  }
  has(problem(laughs), "too large: more than 100000 values");

  std::string texts = "a: &a " + std::string(500'000, 'x') + "\nb: [";
  for (int i = 0; i < 90'000; ++i) texts += "*a,";
  has(problem(texts + "]\n"), "too large: more than 4194304 bytes");

  has(problem(std::string(500'000, '[')), "");
  has(problem(std::string(100, '[') + std::string(100, ']')), "nested deeper than 64 levels");
  std::string deep;
  for (int i = 0; i < 500; ++i) deep += std::string(static_cast<std::size_t>(i), ' ') + "k:\n";
  has(problem(deep), "nested deeper than 64 levels");
  has(problem("[" + std::string(300'000, ',')), "");
  has(problem(std::string(kMaxConfigBytes + 1, ' ')), "too large");

  std::string many;
  for (int i = 0; i < 100'000; ++i) many += "k" + std::to_string(i) + ": 1\n";
  if (many.size() <= kMaxConfigBytes) has(problem(many), "too large: more than 100000 values");
  std::string doubles;
  for (int i = 0; i < 50'000; ++i) doubles += "k: 1\n";
  has(parse_yaml(doubles).problems.back().message, "too many errors");
}
