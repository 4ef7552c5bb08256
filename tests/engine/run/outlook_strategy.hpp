#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "engine/config/study_spec.hpp"
#include "tune/random.hpp"
#include "tune/registry.hpp"

/// A strategy that says what it expects, for tests of what the engine does with that.
namespace tune::test {

/// What the strategy expects when it proposes trial number `trial`.
using OutlookOf = std::function<Outlook(TrialId trial)>;

/// Draws uniformly in a space of one float parameter; without `outlook_of` it says nothing.
class OutlookStrategy final : public Strategy {
 public:
  explicit OutlookStrategy(OutlookOf outlook_of) : outlook_of_(std::move(outlook_of)) {}
  [[nodiscard]] std::string_view name() const override { return "outlook"; }
  [[nodiscard]] Asked ask(const StudyView& study, int count) override {
    Asked asked;
    for (int i = 0; i < count; ++i) {
      const TrialId trial = study.next_trial() + i;
      Configuration configuration(1);
      configuration[0] = RandomStream(study.seed(), trial, "outlook").uniform();
      asked.configurations.push_back(std::move(configuration));
      if (outlook_of_) asked.outlooks.push_back(outlook_of_(trial));
    }
    return asked;
  }

 private:
  OutlookOf outlook_of_;
};

/// What comes with tune, and the strategy `outlook`.
inline Registry registry_with_outlook(const OutlookOf& outlook_of) {
  Registry registry = builtin();
  registry.add(Entry<Strategy>{"outlook", "says what it expects", {}, [=](const Space&, const Options&) {
                                 return Result<std::unique_ptr<Strategy>>(std::make_unique<OutlookStrategy>(outlook_of));
                               }});
  return registry;
}

}  // namespace tune::test
