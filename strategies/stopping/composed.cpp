#include "strategies/stopping/composed.hpp"

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace tune::strategies {
namespace {

using Kind = Decision::Kind;

/// A rule that others are made of.
struct Part {
  std::string label;  ///< as reports name it; `median 2` when it is the second of that name
  std::unique_ptr<StoppingPolicy> rule;
};

/// The decisions of several rules as one of `rule`: every reason and number under its rule's label.
Decision joined(std::string_view rule, Kind kind, const std::vector<std::pair<const Part*, Decision>>& decisions) {
  Decision all;
  all.kind = kind;
  all.rule = rule;
  std::set<TrialId> references;
  for (const auto& [part, decision] : decisions) {
    if (!decision.reason.empty()) all.reason += (all.reason.empty() ? "" : "; ") + part->label + ": " + decision.reason;
    for (const auto& [name, value] : decision.numbers) all.numbers.emplace_back(part->label + " " + name, value);
    references.insert(decision.references.begin(), decision.references.end());
  }
  all.references.assign(references.begin(), references.end());
  return all;
}

class Composed : public StoppingPolicy {
 public:
  Composed(std::string_view name, std::vector<Part> parts) : name_(name), parts_(std::move(parts)) {}
  [[nodiscard]] std::string_view name() const override { return name_; }

  [[nodiscard]] bool pauses() const override {
    return std::ranges::any_of(parts_, [](const Part& part) { return part.rule->pauses(); });
  }
  /// That of the first rule that has one.
  [[nodiscard]] Plan plan(const StudyView& study) const override {
    for (const Part& part : parts_) {
      const Plan plan = part.rule->plan(study);
      if (plan.resume || plan.bracket != 0 || plan.max_step) return plan;
    }
    return {};
  }

 protected:
  [[nodiscard]] static Decision ask(const Part& part, const StudyView& study, const TrialView& trial) {
    Decision decision = part.rule->judge(study, trial);
    if (decision.rule.empty()) decision.rule = part.rule->name();
    return decision;
  }

  std::string_view name_;
  std::vector<Part> parts_;
};

/// The severest decision: stop before pause before continue. A stop or pause is that of the first rule that says so, under its
/// own name.
class AnyOf final : public Composed {
 public:
  using Composed::Composed;

  [[nodiscard]] Decision judge(const StudyView& study, const TrialView& trial) const override {
    std::vector<std::pair<const Part*, Decision>> decisions;
    for (const Part& part : parts_) {
      decisions.emplace_back(&part, ask(part, study, trial));
      if (decisions.back().second.kind == Kind::kStop) return std::move(decisions.back().second);
    }
    for (auto& [part, decision] : decisions) {
      if (decision.kind == Kind::kPause) return std::move(decision);
    }
    return joined(name_, Kind::kContinue, decisions);
  }
};

/// The mildest decision: continue before pause before stop.
class AllOf final : public Composed {
 public:
  using Composed::Composed;

  [[nodiscard]] Decision judge(const StudyView& study, const TrialView& trial) const override {
    std::vector<std::pair<const Part*, Decision>> decisions;
    Kind kind = Kind::kStop;
    for (const Part& part : parts_) {
      std::pair<const Part*, Decision> one(&part, ask(part, study, trial));
      if (one.second.kind == Kind::kContinue) return joined(name_, Kind::kContinue, {std::move(one)});
      if (one.second.kind == Kind::kPause) kind = Kind::kPause;
      decisions.push_back(std::move(one));
    }
    return joined(name_, kind, decisions);
  }
};

template <typename Policy>
Entry<StoppingPolicy> composed_entry(std::string_view name, std::string doc) {
  OptionSpec rules;
  rules.name = "rules";
  rules.type = OptionType::kRules;
  rules.required = true;
  rules.doc = "the rules, in the order in which they are asked";
  Entry<StoppingPolicy> entry;
  entry.name = name;
  entry.doc = std::move(doc);
  entry.options = {std::move(rules)};
  entry.compose = [name](const Options& options,
                         std::vector<std::unique_ptr<StoppingPolicy>> made) -> Result<std::unique_ptr<StoppingPolicy>> {
    const auto rules_given = option<std::vector<Named>>(options, "rules");
    TUNE_CHECK(rules_given.size() == made.size());
    std::vector<Part> parts;
    for (std::size_t i = 0; i < made.size(); ++i) {
      const std::string label = shown_name(rules_given[i]);
      const auto same = std::count_if(rules_given.begin(), rules_given.begin() + static_cast<std::ptrdiff_t>(i),
                                      [&](const Named& rule) { return shown_name(rule) == label; });
      parts.push_back({same == 0 ? label : label + " " + std::to_string(same + 1), std::move(made[i])});
    }
    return std::unique_ptr<StoppingPolicy>(std::make_unique<Policy>(name, std::move(parts)));
  };
  return entry;
}

}  // namespace

Entry<StoppingPolicy> any_of_entry() { return composed_entry<AnyOf>("any_of", "stops a trial when one of several rules does"); }
Entry<StoppingPolicy> all_of_entry() { return composed_entry<AllOf>("all_of", "stops a trial when all of several rules do"); }

}  // namespace tune::strategies
