#include <doctest/doctest.h>

#include "tests/conformance/policy_conformance.hpp"
#include "tests/strategies_stopping/median_support.hpp"

TEST_CASE("every registered policy conforms with its defaults") {
  tune::Registry registry;
  tune::strategies::register_policies(registry);
  REQUIRE_FALSE(registry.policies().empty());
  for (const auto& entry : registry.policies()) {
    CAPTURE(entry.name);
    CAPTURE(entry.variant);
    tune::Options given;
    const bool needs_others = entry.name != "patience" && entry.name != "threshold";
    // What has no default and is required.
    if (entry.name == "threshold") given["lower"] = 2.0;
    if (entry.name == "percentile" && !entry.variant.empty()) given["percentile"] = 40.0;
    if (entry.name == "patience" && !entry.variant.empty()) given["patience"] = std::int64_t{1};
    if (!entry.variant.empty()) given["variant"] = entry.variant;
    if (entry.compose) given["rules"] = std::vector<tune::Named>{tune::test::resolved(tune::named("median"))};
    tune::test::check_policy([&] { return tune::test::make_rule(entry.name, given).value(); }, needs_others);
  }
}

TEST_CASE("median conforms with every option turned") {
  for (const char* references : {"completed", "reached"}) {
    for (const char* value : {"current", "best"}) {
      for (const double percentile : {0.0, 37.5, 100.0}) {
        tune::test::check_policy([&] {
          return tune::test::median({{"references", std::string(references)},
                                     {"value", std::string(value)},
                                     {"percentile", percentile},
                                     {"min_trials", std::int64_t{1}},
                                     {"margin", 0.5},
                                     {"warmup", 0.1}});
        });
      }
    }
  }
}

TEST_CASE("rules that promote conform") {
  for (const char* rule : {"asha", "hyperband", "pasha"}) {
    for (const double min_resource : {0.01, 0.2}) {
      CAPTURE(rule);
      tune::Options given{{"min_resource", min_resource}};
      if (rule != std::string("pasha")) given["mode"] = std::string("promote");
      tune::test::check_policy([&] { return tune::test::make_rule(rule, given).value(); });
      CHECK(tune::test::make_rule(rule, given).value()->pauses());
    }
  }
  CHECK_FALSE(tune::test::make_rule("asha").value()->pauses());
}
