#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/config/study_spec.hpp"
#include "metrics/name_pattern.hpp"
#include "tune/health.hpp"

namespace tune::engine {

/// Before the name of a health rule, in decisions and stop reasons.
inline constexpr std::string_view kHealthPrefix = "rule:";

/// Whether the decision is a health rule's warning.
bool is_warning(std::string_view kind, std::string_view rule);
inline bool is_warning(const DecisionRecord& decision) { return is_warning(decision.kind, decision.rule); }

/// The health rules of a study, each with the metrics that it looks at. Not thread-safe: it remembers which names match.
class HealthRules {
 public:
  /// Refuses (invalid) an unknown rule, what a rule refuses, and a pattern that is none.
  static Result<HealthRules> make(const StudySpec& spec, const Registry& registry);

  /// What there is to say of the metric's first value at `step`, which is in the trial's record: in the order of the config, up
  /// to the first stop. A warning that the trial has had is not there again. Decisions of kind kContinue are warnings.
  [[nodiscard]] std::vector<Decision> judge(const TrialRecord& trial, const std::string& metric, std::int64_t step);

 private:
  struct Input {
    std::string option;
    metrics::NamePattern pattern;
    std::map<std::string, bool, std::less<>> known = {};  ///< names that were looked at, and whether they match
    bool matches(const std::string& metric);
  };
  struct Rule {
    std::string shown;  ///< `rule:Overfit`; `rule:Overfit 2` is the second of that name
    bool stop = false;
    std::unique_ptr<HealthRule> rule;
    std::vector<Input> inputs;
  };

  std::vector<Rule> rules_;
};

}  // namespace tune::engine
