#pragma once

#include <memory>

#include "strategies/bayesian/acquisition.hpp"
#include "strategies/bayesian/fit_schedule.hpp"
#include "strategies/tried.hpp"
#include "tune/registry.hpp"

namespace tune::strategies {

struct BayesianOptions {
  std::optional<std::int64_t> initial = {};  ///< trials of the initial design; none: max(5, min(10, 2 d + 1))
  /// What proposals maximise while results come in; `kAlternate` takes turns by trial number.
  enum class Maximize { kUcb, kLogEi, kAlternate } acquisition = Maximize::kUcb;
  double beta = 1.8;  ///< of the upper confidence bound
  bool input_warp = true;
  bool pure_exploration = true;  ///< while nothing has ended since the newest running trial was proposed
};

/// A Gaussian process over the unit cube; proposes where the acquisition is largest. docs/search.md says how.
class BayesianStrategy final : public Strategy {
 public:
  BayesianStrategy(const Space& space, BayesianOptions options);
  BayesianStrategy(const BayesianStrategy&) = delete;
  BayesianStrategy& operator=(const BayesianStrategy&) = delete;
  [[nodiscard]] std::string_view name() const override { return "bayesian"; }
  [[nodiscard]] Asked ask(const StudyView& study, int count) override;

 private:
  class Model;
  std::optional<Configuration> propose_initial(const StudyView& study, TrialId trial, const Tried& tried) const;

  BayesianOptions options_;
  FeatureSpace features_;
  FitSchedule schedule_;
};

Entry<Strategy> bayesian_entry();

}  // namespace tune::strategies
