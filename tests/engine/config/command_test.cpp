#include "engine/config/command.hpp"

#include <doctest/doctest.h>

#include <limits>

using namespace tune;
using namespace tune::engine;

namespace {

Space space() {
  Space space;
  const auto opt = space.categorical("opt", {"sgd", "adam"});
  space.uniform("lr", 0.0, 1.0);
  space.when(opt, {"sgd"}).uniform("momentum", 0.0, 0.999);
  return space;
}
Configuration configuration(const char* opt, std::optional<double> momentum) {
  Configuration configuration(3);
  configuration[0] = std::string(opt);
  configuration[1] = 0.1;
  if (momentum) configuration[2] = *momentum;
  return configuration;
}
const std::vector<std::pair<std::string, Value>> kStatic{{"epochs", std::int64_t{10}}, {"rate", 1.0}, {"flag", true}};

}  // namespace

TEST_CASE("a command's words: values, braces, groups that go with an inactive parameter, no shell") {
  const std::vector<CommandPart> command{
      {.words = {"train it"}},      {.words = {"--lr={lr}"}},
      {.words = {"{opt}{epochs}"}}, {.words = {"--m", "{momentum}"}, .optional = true},
      {.words = {"{{lr}} $HOME;"}}, {.words = {"--rate", "{rate}", "{flag}"}, .optional = true}};
  using Words = std::vector<std::string>;
  CHECK(build_argv(command, space(), configuration("sgd", 0.30000000000000004), kStatic) ==
        Words{"train it", "--lr=0.1", "sgd10", "--m", "0.30000000000000004", "{lr} $HOME;", "--rate", "1", "true"});
  CHECK(build_argv(command, space(), configuration("adam", {}), kStatic) ==
        Words{"train it", "--lr=0.1", "adam10", "{lr} $HOME;", "--rate", "1", "true"});
}

TEST_CASE("a word with a broken placeholder is refused") {
  for (const char* word : {"{", "a}", "{}", "{lr", "{a{b}}", "}{"}) {
    CAPTURE(word);
    CHECK(!split_word(word).ok());
  }
  const auto pieces = split_word("a{{{lr}}}b");
  REQUIRE(pieces.ok());
  REQUIRE(pieces->size() == 3);
  CHECK((*pieces)[0].text == "a{");
  CHECK((*pieces)[1].text == "lr");
  CHECK((*pieces)[1].placeholder);
  CHECK((*pieces)[2].text == "}b");
}

TEST_CASE("parameters as JSON keep their types") {
  CHECK(params_json(space(), configuration("adam", {}), kStatic) ==
        R"({"opt":"adam","lr":0.1,"epochs":10,"rate":1.0,"flag":true})");
  CHECK(params_json(Space(), Configuration(), {}) == "{}");
  CHECK(value_json(std::numeric_limits<double>::infinity()) == "\"Infinity\"");
  CHECK(value_json(-std::numeric_limits<double>::infinity()) == "\"-Infinity\"");
  CHECK(value_json(std::numeric_limits<double>::quiet_NaN()) == "\"NaN\"");
  CHECK(value_json(1e22) == "1e+22");
  CHECK(value_json(std::string("a\"b\n")) == "\"a\\\"b\\n\"");
}
