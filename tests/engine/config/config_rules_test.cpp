#include <doctest/doctest.h>

#include "engine/config/spec_json.hpp"
#include "engine/report/settings_text.hpp"
#include "tests/engine/config/small_config.hpp"
#include "tests/support/test_support.hpp"

/// Stopping rules and health rules, in a file and from the command line.
using namespace tune;
using namespace tune::engine;
using namespace tune::test::small_config;

TEST_CASE("a stopping policy from the command line") {
  Space space;
  space.uniform("x", 0, 1);
  const auto off = parse_stopping("off", registry(), space);
  REQUIRE(off.ok());
  CHECK(!off->has_value());
  const auto median = parse_stopping("median:min_trials=7", registry(), space);
  REQUIRE_MESSAGE(median.ok(), median.status().message());
  REQUIRE(median->has_value());
  CHECK((*median)->name == "median");
  CHECK(option<std::int64_t>((*median)->options, "min_trials") == 7);
  const auto message = [&](const char* text) { return parse_stopping(text, registry(), space).status().message(); };
  CHECK(message("medain").find("did you mean 'median'?") != std::string::npos);
  CHECK(message("median:min_trails=7").find("did you mean 'min_trials'?") != std::string::npos);
  CHECK(message("median:min_trials=x").find("given 'x'; allowed: int") != std::string::npos);
  CHECK(message("median:min_trials").find("NAME:key=value") != std::string::npos);
  CHECK(message("median:min_trials=1,min_trials=2").find("given twice") != std::string::npos);
  CHECK(message("asha").find("planned, not built yet") != std::string::npos);

  StudySpec named;
  CHECK(named.stopping_name() == "off");
  named.stopping.emplace().policy = **median;
  CHECK(named.stopping_name() == "median");
  named.stopping->policy.options["variant"] = std::string("ray");
  CHECK(named.stopping_name() == "median (ray)");

  const auto variant = parse_stopping("median:variant=optuna,n_startup_trials=7", registry(), space);
  REQUIRE_MESSAGE(variant.ok(), variant.status().message());
  CHECK((*variant)->options == Options{{"variant", std::string("optuna")}, {"n_startup_trials", std::int64_t{7}}});
  CHECK(parse_stopping("asha:variant=ray", registry(), space).ok());  // a rule may have variants only
  CHECK(message("median:variant=optnua").find("given 'optnua'; allowed: optuna | ray; did you mean 'optuna'?") !=
        std::string::npos);
  CHECK(message("median:variant=optuna,min_trials=7").find("min_trials: unknown key") != std::string::npos);
  CHECK(message("median:n_startup_trials=7").find("n_startup_trials: unknown key") != std::string::npos);
}

TEST_CASE("health rules, and the limit of silence") {
  const StudySpec s =
      spec(with("rules:\n  - {name: Fever, metrics: 'temp/.*', action: stop}\n  - {name: Fever, metrics: t, others: 'o.', "
                "threshold: 40}\n"));
  REQUIRE(s.rules.size() == 2);
  CHECK(s.rules[0].rule == named("Fever", {{"metrics", std::string("temp/.*")}, {"threshold", 38.5}}));
  CHECK(s.rules[0].stop);
  CHECK(option<double>(s.rules[1].rule.options, "threshold") == 40.0);
  CHECK_FALSE(s.rules[1].stop);
  CHECK(settings_text(s).find("health rule     Fever (metrics temp/.*, threshold 38.5): stop\n") != std::string::npos);
  CHECK(settings_text(s).find("Fever (metrics t, others o., threshold 40): warn\n") != std::string::npos);
  CHECK(spec(with("")).rules.empty());

  const auto loaded = parse_config(
      "name: study\nobjective: {metric: loss, goal: minimize}\nparameters: {lr: {type: float, min: 0, max: 1}}\ncommand: [t]\n"
      "limits: {max_trials: 1, stalled: 90s}\nmetrics: [{name: loss, regex: '(.)'}, {name: temperature, regex: '(.)'}]\n"
      "rules: [{name: Fever, metrics: temp}, {name: Fever, metrics: 'temp.*'}, {name: Fever, metrics: 'l.*'}]\n",
      "file", registry(), {.working_directory = "/", .program_directory = ""});
  REQUIRE_MESSAGE(loaded.ok(), loaded.status().message());
  CHECK(loaded->spec.limits.stalled == std::chrono::seconds(90));
  CHECK(settings_text(loaded->spec).find(", 1 min 30 s of silence") != std::string::npos);
  // A pattern is for the whole name.
  REQUIRE(loaded->notes.size() == 1);
  CHECK(loaded->notes[0] ==
        "rules: Fever: no metric definition has a name that metrics 'temp' matches; only `@tune` lines can bring one");
}

TEST_CASE("rules that are made of rules, in a file and from the command line") {
  const std::string text =
      "{name: any_of, rules: [median, {name: any_of, rules: [{name: median, variant: optuna, n_startup_trials: 2}, {name: "
      "median, "
      "warmup: 20%}]}]}";
  const StudySpec s = spec(with("early_stopping: " + text + "\n"));
  REQUIRE(s.stopping);
  const auto rules = option<std::vector<Named>>(s.stopping->policy.options, "rules");
  REQUIRE(rules.size() == 2);
  CHECK(option<std::int64_t>(rules[0].options, "min_trials") == 5);  // defaults are filled in
  const auto inner = option<std::vector<Named>>(rules[1].options, "rules");
  REQUIRE(inner.size() == 2);
  CHECK(option<std::int64_t>(inner[0].options, "n_startup_trials") == 2);
  CHECK(option<double>(inner[1].options, "warmup") == 0.2);
  CHECK(s.stopping_name() == "any_of (median, any_of (median (optuna), median))");
  CHECK(settings_text(s).find("any_of (rules [median (min_trials 5, ") != std::string::npos);
  const auto back = spec_from_json(spec_to_json(s));
  REQUIRE(back.ok());
  CHECK(back->stopping->policy == s.stopping->policy);

  const auto parsed = parse_stopping(text, registry(), s.space);
  REQUIRE_MESSAGE(parsed.ok(), parsed.status().message());
  CHECK(**parsed == s.stopping->policy);
  const auto message = [&](const char* given) { return parse_stopping(given, registry(), s.space).status().message(); };
  CHECK(message("{name: any_of, rules: [median, medain]}").find("--early-stopping.rules[1]: given 'medain'; allowed: median") !=
        std::string::npos);
  CHECK(message("{name: any_of, rules: [{name: median, min_trails: 3}]}").find("did you mean 'min_trials'?") !=
        std::string::npos);
  CHECK(message("{name: any_of, rules: [median}").starts_with("--early-stopping: "));
  CHECK(message("{name: median, explain: all}").find("explain: unknown key") != std::string::npos);
  CHECK(message("any_of").find("--early-stopping.rules: missing; allowed: a list of at least one rule") != std::string::npos);
  CHECK(message("any_of:rules=median").find("rules: given 'median'; allowed: a list") != std::string::npos);
  CHECK(message("{}").find("name: missing") != std::string::npos);
}
