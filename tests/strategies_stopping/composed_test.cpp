#include <doctest/doctest.h>

#include <algorithm>

#include "tests/conformance/policy_conformance.hpp"
#include "tests/strategies_stopping/median_support.hpp"
#include "tune/random.hpp"

/// `any_of` and `all_of` as docs/early-stopping.md defines them. all_of with Optuna's rules against Optuna's PatientPruner:
/// peers_test.
namespace tune::test {
namespace {

using Kind = Decision::Kind;

/// Says what it is told to, always.
class Says final : public StoppingPolicy {
 public:
  explicit Says(Kind kind) : kind_(kind) {}
  [[nodiscard]] std::string_view name() const override { return to_string(kind_); }
  [[nodiscard]] Decision judge(const StudyView&, const TrialView& trial) const override {
    const auto id = static_cast<double>(trial.id());
    return {kind_, "", "I say " + std::string(to_string(kind_)), {{"trial", id}}, {2 - static_cast<int>(kind_) / 2}};
  }
  [[nodiscard]] Plan plan(const StudyView&) const override {
    return kind_ == Kind::kPause ? Plan{.resume = 2, .bracket = 0, .max_step = {}} : Plan{};
  }

 private:
  Kind kind_;
};

/// The rules of tune, and `continue`, `pause`, `stop` and `worst`, which says what the option `kind` says.
Registry registry_with_constants() {
  Registry registry;
  strategies::register_policies(registry);
  for (const Kind kind : {Kind::kContinue, Kind::kPause, Kind::kStop}) {
    Entry<StoppingPolicy> entry;
    entry.name = to_string(kind);
    entry.make = [kind](const Space&, const Options&) -> Result<std::unique_ptr<StoppingPolicy>> {
      return std::unique_ptr<StoppingPolicy>(std::make_unique<Says>(kind));
    };
    registry.add(std::move(entry));
  }
  return registry;
}

std::unique_ptr<StoppingPolicy> compose(const std::string& name, std::vector<Named> rules) {
  static const Registry kRegistry = registry_with_constants();
  auto made = kRegistry.make_policy(Space(), named(name, {{"rules", std::move(rules)}}));
  REQUIRE_MESSAGE(made.ok(), made.status().message());
  return *std::move(made);
}

/// A random tree of constants, with what it must say.
struct Tree {
  Named rule;
  Kind kind;
};

Tree random_tree(RandomStream& stream, int depth) {
  if (depth == 0 || stream.below(3) == 0) {
    const auto kind = static_cast<Kind>(stream.below(3));
    return {named(std::string(to_string(kind))), kind};
  }
  const bool any = stream.below(2) == 0;
  std::vector<Named> rules;
  std::vector<Kind> kinds;
  for (std::size_t i = 0; i <= stream.below(3); ++i) {
    Tree part = random_tree(stream, depth - 1);
    rules.push_back(std::move(part.rule));
    kinds.push_back(part.kind);
  }
  const auto has = [&](Kind kind) { return std::ranges::find(kinds, kind) != kinds.end(); };
  Kind kind = Kind::kContinue;
  if (any) {
    kind = has(Kind::kStop) ? Kind::kStop : has(Kind::kPause) ? Kind::kPause : Kind::kContinue;
  } else {
    kind = has(Kind::kContinue) ? Kind::kContinue : has(Kind::kPause) ? Kind::kPause : Kind::kStop;
  }
  return {named(any ? "any_of" : "all_of", {{"rules", std::move(rules)}}), kind};
}

StudyBuilder two_trials() {
  StudyBuilder study = curves();
  study.add({.curve = {1, 2}, .status = TrialStatus::kInProgress});
  study.add({.curve = {1, 2}, .status = TrialStatus::kInProgress});
  return study;
}

}  // namespace

TEST_CASE("a tree of rules says what its words say") {
  const Registry registry = registry_with_constants();
  const StudyBuilder study = two_trials();
  int seen[3] = {0, 0, 0};
  for (std::int64_t i = 0; i < 2000; ++i) {
    RandomStream stream(5, i, "tree");
    const Tree tree = random_tree(stream, 3);
    CAPTURE(shown_name(tree.rule));
    const auto rule = registry.make_policy(Space(), tree.rule);
    REQUIRE(rule.ok());
    const Decision decision = judge_last(**rule, study, 1);
    CHECK(decision.kind == tree.kind);
    ++seen[static_cast<int>(tree.kind)];
  }
  CHECK(*std::ranges::min_element(seen) > 100);
}

TEST_CASE("any_of: the first rule that stops, under its own name, with its reason, numbers and references") {
  const StudyBuilder study = two_trials();
  const Decision stop = judge_last(*compose("any_of", {named("continue"), named("pause"), named("stop")}), study, 1);
  CHECK(stop.kind == Kind::kStop);
  CHECK(stop.rule == "stop");
  CHECK(stop.reason == "I say stop");
  CHECK(number(stop, "trial") == 1.0);
  CHECK(judge_last(*compose("any_of", {named("continue"), named("pause")}), study, 1).rule == "pause");
  const Decision go_on = judge_last(*compose("any_of", {named("continue"), named("continue")}), study, 1);
  CHECK(go_on.rule == "any_of");
  CHECK(go_on.reason == "continue: I say continue; continue 2: I say continue");
  CHECK(number(go_on, "continue 2 trial") == 1.0);
}

TEST_CASE("all_of: every rule's reason and numbers; the first that lets the trial go on, alone") {
  const StudyBuilder study = two_trials();
  const Decision stop =
      judge_last(*compose("all_of", {named("stop"), named("any_of", {{"rules", std::vector<Named>{named("stop")}}})}), study, 1);
  CHECK(stop.kind == Kind::kStop);
  CHECK(stop.rule == "all_of");
  CHECK(stop.reason == "stop: I say stop; any_of (stop): I say stop");
  CHECK(number(stop, "any_of (stop) trial") == 1.0);
  CHECK(stop.references == std::vector<TrialId>{2});
  CHECK(judge_last(*compose("all_of", {named("stop"), named("pause")}), study, 1).references == std::vector<TrialId>{1, 2});
  const Decision go_on = judge_last(*compose("all_of", {named("stop"), named("continue"), named("pause")}), study, 1);
  CHECK(go_on.kind == Kind::kContinue);
  CHECK(go_on.reason == "continue: I say continue");
}

TEST_CASE("a free slot goes by the first rule that has a plan") {
  const StudyBuilder study = two_trials();
  for (const char* name : {"any_of", "all_of"}) {
    CHECK(compose(name, {named("stop"), named("pause")})->plan(study.view()).resume == 2);
    CHECK_FALSE(compose(name, {named("stop"), named("continue")})->plan(study.view()).resume);
  }
}

TEST_CASE("composed rules: the worked example of the documentation") {
  const Named median = named("median", {{"min_trials", std::int64_t{3}}});
  const Named patience = named("patience", {{"patience", std::int64_t{2}}});
  StudyBuilder study = curves();
  study.add({.curve = {0.2, 0.4, 0.5, 0.5, 0.5}});
  study.add({.curve = {0.1, 0.2, 0.3, 0.3, 0.3}});
  study.add({.curve = {0.3, 0.5, 0.6, 0.6, 0.6}});
  study.record().declared_max_step = 10;
  const TrialId low = study.add({.curve = {0.1, 0.32, 0.34, 0.36, 0.38}, .status = TrialStatus::kInProgress});
  const TrialId flat = study.add({.curve = {0.6, 0.7, 0.7, 0.7, 0.7}, .status = TrialStatus::kInProgress});
  const TrialId both = study.add({.curve = {0.1, 0.2, 0.3, 0.3, 0.3}, .status = TrialStatus::kInProgress});
  const auto first_stop = [&](const char* name, TrialId trial) {
    const auto rule = test::make_rule(name, {{"rules", std::vector<Named>{resolved(median), resolved(patience)}}}).value();
    for (std::int64_t step = 1; step <= 5; ++step) {
      if (rule->judge(study.view(), study.cut(trial, step)).kind == Kind::kStop) return step;
    }
    return std::int64_t{0};
  };
  CHECK(first_stop("any_of", low) == 3);   // the median of the averages up to 3 is .367
  CHECK(first_stop("any_of", flat) == 4);  // two values after .7
  CHECK(first_stop("any_of", both) == 2);  // .2 against .3
  CHECK(first_stop("all_of", low) == 0);
  CHECK(first_stop("all_of", flat) == 0);
  CHECK(first_stop("all_of", both) == 5);  // two values after .3 at step 3, and below the median since step 2
}

TEST_CASE("composed rules conform") {
  for (const char* name : {"any_of", "all_of"}) {
    const std::vector<Named> rules{resolved(named("median")), resolved(named("percentile"))};
    check_policy([&] { return test::make_rule(name, {{"rules", rules}}).value(); });
  }
}

TEST_CASE("what a part refuses, its whole refuses") {
  const auto unknown =
      registry_with_constants().make_policy(Space(), named("any_of", {{"rules", std::vector<Named>{named("x")}}}));
  REQUIRE_FALSE(unknown.ok());
  CHECK(unknown.status().message() == "early stopping rule 'x' is not known here");
  const Named bad = resolved(named("threshold"));
  CHECK_FALSE(test::make_rule("all_of", {{"rules", std::vector<Named>{bad}}}).ok());
}

}  // namespace tune::test
