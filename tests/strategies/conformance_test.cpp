#include "tests/conformance/strategy_conformance.hpp"
#include "tune/registry.hpp"

using namespace tune;
using namespace tune::test;

namespace {

Options defaults_of(const Entry<Strategy>& entry) {
  Options options;
  for (const OptionSpec& spec : entry.options) {
    if (spec.default_value) options[spec.name] = *spec.default_value;
  }
  return options;
}

void conforms(const std::string& name) {
  const Registry registry = builtin();
  const Entry<Strategy>* entry = registry.find_strategy(name);
  REQUIRE(entry != nullptr);
  check_strategy_conforms([entry](const Space& space) {
    auto made = entry->make(space, defaults_of(*entry));
    REQUIRE_MESSAGE(made.ok(), made.status().message());
    return std::move(made).value();
  });
}

}  // namespace

TEST_CASE("random conforms") { conforms("random"); }
TEST_CASE("sobol conforms") { conforms("sobol"); }
TEST_CASE("bayesian conforms") { conforms("bayesian"); }
TEST_CASE("tpe conforms") { conforms("tpe"); }
TEST_CASE("grid conforms") { conforms("grid"); }

TEST_CASE("every entry is documented and its defaults are within its own limits") {
  const Registry registry = builtin();
  for (const Entry<Strategy>& entry : registry.strategies()) {
    CAPTURE(entry.name);
    CHECK_FALSE(entry.doc.empty());
    for (const OptionSpec& spec : entry.options) {
      CAPTURE(spec.name);
      CHECK_FALSE(spec.doc.empty());
      if (!spec.default_value) continue;
      if (const auto* text = std::get_if<std::string>(&*spec.default_value)) {
        CHECK(std::find(spec.allowed.begin(), spec.allowed.end(), *text) != spec.allowed.end());
      }
      if (const auto* whole = std::get_if<std::int64_t>(&*spec.default_value)) {
        if (spec.min) CHECK(static_cast<double>(*whole) >= *spec.min);
        if (spec.max) CHECK(static_cast<double>(*whole) <= *spec.max);
      }
    }
  }
}
