#pragma once

#include <string_view>

#include "strategies/stopping/rungs.hpp"
#include "tune/stopping.hpp"

namespace tune::strategies {

/// A value at a rung, of the trials of one bracket.
struct RungValue {
  TrialId trial = 0;
  double value = 0.0;
  bool waits = false;  ///< paused there
};

/// The highest rung of the bracket at which the trial was paused before `moment`.
std::optional<std::size_t> paused_at(const TrialView& trial, const Rungs& rungs, std::size_t bracket, std::int64_t moment);

/// What the trials of one bracket have left at one rung, the best first; of equal ones the lower number.
std::vector<RungValue> standing_at(const StudyView& study, const Rungs& rungs, std::size_t bracket, std::size_t rung);

/// Asynchronous successive halving by promotion (docs/early-stopping.md, "asha", mode promote; Li et al., MLSys 2020, algorithm
/// 2): a trial pauses at each rung; a free slot goes to the best paused trial that is among the best one in `reduction_factor` of
/// the highest possible rung, else to a new one. Immutable; safe from several threads.
class PromotionPolicy : public StoppingPolicy {
 public:
  /// `rule`: what it is called; must outlive the policy.
  PromotionPolicy(std::string_view rule, RungOptions options) : rule_(rule), options_(options) {}

  [[nodiscard]] std::string_view name() const final { return rule_; }
  [[nodiscard]] Decision judge(const StudyView& study, const TrialView& trial) const final;
  [[nodiscard]] Plan plan(const StudyView& study) const final;
  [[nodiscard]] bool pauses() const final { return true; }

 protected:
  /// How many rungs of the bracket, from the first one of all on, trials may be promoted from: all of them.
  [[nodiscard]] virtual std::size_t open_rungs(const StudyView&, const Rungs& rungs, std::size_t /*bracket*/) const {
    return rungs.count();
  }

 private:
  std::string_view rule_;
  RungOptions options_;
};

}  // namespace tune::strategies
