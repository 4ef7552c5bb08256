#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "strategies/stopping/rungs.hpp"
#include "tune/stopping.hpp"

namespace tune::strategies {

/// Asynchronous successive halving by stopping (docs/early-stopping.md, "asha"; Li et al., MLSys 2020; the comparison is Syne
/// Tune's): at a rung a trial is stopped when more than one in `reduction_factor` of the values there, its own included, are
/// better. Trials of one bracket are compared with each other. Immutable; safe from several threads.
class HalvingPolicy final : public StoppingPolicy {
 public:
  /// `rule`: what it is called; must outlive the policy.
  HalvingPolicy(std::string_view rule, RungOptions options) : rule_(rule), options_(options) {}

  [[nodiscard]] std::string_view name() const override { return rule_; }
  [[nodiscard]] Decision judge(const StudyView& study, const TrialView& trial) const override;

 private:
  std::string_view rule_;
  RungOptions options_;
};

/// The option `mode` of rules that halve: `stop` or `promote`.
OptionSpec halving_mode_option();
/// A policy of the rule `rule` by the option `mode`. `rule` must outlive it.
std::unique_ptr<StoppingPolicy> make_halving(std::string_view rule, const RungOptions& rungs, const Options& options);

}  // namespace tune::strategies
