#include "metrics/definitions.hpp"

#include <doctest/doctest.h>

#include "metrics/log_reader.hpp"

namespace tune::metrics {
namespace {

std::string error_of(const std::string& regex) { return check_definition({"m", regex, {}, 0}).message(); }

void check_says(const std::string& message, const std::string& part) {
  CAPTURE(message);
  CAPTURE(part);
  CHECK(message.find(part) != std::string::npos);
}

}  // namespace

TEST_CASE("what RE2 cannot do is refused with the way to write it") {
  check_says(error_of(R"((?<!val_)loss: (\S+))"), "look-around is not supported");
  check_says(error_of(R"(loss: (\S+)(?=,))"), "look-around is not supported");
  check_says(error_of(R"((\w+)=\1)"), "back-references are not supported");
  check_says(error_of(R"(loss=(?<value>\S+))"), "(?P<name>...)");
  check_says(error_of(R"(loss=(?>\d+)(\d))"), "atomic groups");
  check_says(error_of(R"(loss=(\d++))"), "leave the last + out");
  check_says(error_of(R"(loss=(\d+)\Z)"), "write $");
  check_says(error_of(R"(loss=(\d+)"), "missing )");
  check_says(error_of(R"(loss=\d+)"), "no capture group");
  check_says(error_of(R"(loss=(?:\d+))"), "no capture group");
  check_says(error_of(""), "regex is empty");
  CHECK(error_of(R"(loss=(?P<value>\S+))").empty());
}

TEST_CASE("limits") {
  CHECK(check_definition({std::string(255, 'n'), "(" + std::string(498, 'x') + ")", {}, 0}).ok());
  check_says(check_definition({std::string(256, 'n'), "(x)", {}, 0}).message(), "allowed are 255");
  check_says(error_of("(" + std::string(499, 'x') + ")"), "allowed are 500");
  check_says(check_definition({"", "(x)", {}, 0}).message(), "name is empty");
  check_says(check_definition({"a\nb", "(x)", {}, 0}).message(), "control character");
  check_says(check_definition({"m", "(x)", "Epoch", 0}).message(), "step 'Epoch' has no capture group");
  std::vector<MetricDefinition> many;
  for (int i = 0; i < kMaxMetricDefinitions; ++i) many.push_back({"m" + std::to_string(i), "(x)", {}, 0});
  CHECK(compile(many).ok());
  many.push_back({"one too many", "(x)", {}, 0});
  check_says(compile(many).status().message(), "41 definitions, allowed are 40");
}

TEST_CASE("every error is named with its place, names are unique") {
  const std::vector<MetricDefinition> definitions = {{"a", "(x)", {}, 0}, {"b", "(x", {}, 0}, {"a", "y", {}, 0}};
  const auto result = compile(definitions);
  REQUIRE_FALSE(result.ok());
  check_says(result.status().message(), "metrics[1] \"b\": regex '(x': missing )");
  check_says(result.status().message(), "metrics[2] \"a\": regex 'y' has no capture group");
  check_says(result.status().message(), "the name is taken by metrics[0]");
  CHECK(compile({}).ok());
}

TEST_CASE("equal step patterns are tried once") {
  const std::vector<MetricDefinition> definitions = {
      {"a", "a=(.)", "s=(.)", 0}, {"b", "b=(.)", "s=(.)", 1}, {"c", "c=(.)", "t=(.)", 0}, {"d", "d=(.)", {}, 0}};
  const auto compiled = compile(definitions).value();
  REQUIRE(compiled->step_patterns().size() == 2);
  CHECK(compiled->step_patterns()[0].users == std::vector<std::size_t>{0, 1});
  CHECK(compiled->step_patterns()[1].users == std::vector<std::size_t>{2});
}

}  // namespace tune::metrics
