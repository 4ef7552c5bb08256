#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "strategies/stopping/policies.hpp"
#include "tests/support/study_builder.hpp"
#include "tune/registry.hpp"

namespace tune::test {

inline const Registry& rules() {
  static const Registry kRegistry = [] {
    Registry registry;
    strategies::register_policies(registry);
    return registry;
  }();
  return kRegistry;
}

/// A registered rule with its defaults filled in.
inline Named resolved(Named rule) {
  const Entry<StoppingPolicy>* entry = rules().find_policy(rule.name, rule.options);
  TUNE_CHECK(entry != nullptr);
  for (const OptionSpec& spec : entry->options) {
    if (spec.default_value) rule.options.try_emplace(spec.name, *spec.default_value);
  }
  return rule;
}

/// The registered rule `name` with its defaults filled in, as a config would make it. `given` replaces some of them.
inline Result<std::unique_ptr<StoppingPolicy>> make_rule(std::string_view name, const Options& given = {}) {
  return rules().make_policy(Space(), resolved(named(std::string(name), given)));
}

inline std::unique_ptr<StoppingPolicy> median(const Options& given = {}) { return make_rule("median", given).value(); }

/// A study without parameters over the objective "score".
inline StudyBuilder curves(Goal goal = Goal::kMaximize) {
  Objective objective{.metric = "score"};
  objective.goal = goal;
  return StudyBuilder(Space(), objective);
}

/// What the rule says of a trial that is running, at its last step.
inline Decision judge_last(const StoppingPolicy& rule, const StudyBuilder& study, TrialId trial) {
  return rule.judge(study.view(), study.view().trial(trial));
}

inline bool stops(const StoppingPolicy& rule, const StudyBuilder& study, TrialId trial) {
  return judge_last(rule, study, trial).kind == Decision::Kind::kStop;
}

inline double number(const Decision& decision, std::string_view name) {
  for (const auto& [known, value] : decision.numbers) {
    if (known == name) return value;
  }
  TUNE_CHECK(false);
}

inline bool has_number(const Decision& decision, std::string_view name) {
  for (const auto& [known, value] : decision.numbers) {
    if (known == name) return true;
  }
  return false;
}

}  // namespace tune::test
