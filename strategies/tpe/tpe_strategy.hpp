#pragma once

#include <optional>

#include "strategies/tpe/parzen_estimator.hpp"
#include "strategies/tpe/trial_split.hpp"
#include "strategies/tried.hpp"
#include "tune/registry.hpp"

namespace tune::strategies {

struct TpeOptions {
  std::int64_t startup = 10;     ///< trials that must have ended before the model is used
  std::int64_t candidates = 24;  ///< draws from the good density, the best ratio of which is proposed
  double gamma = 0.1;            ///< share of the trials that count as good
  std::int64_t most_good = 25;
  ParzenOptions parzen = {};
  bool constant_liar = true;  ///< running trials count as bad
};

/// The tree-structured Parzen estimator, multivariate: proposes where the density of good trials is largest in relation to that
/// of the others. docs/search.md says how.
class TpeStrategy final : public Strategy {
 public:
  TpeStrategy(const Space& space, const TpeOptions& options);
  TpeStrategy(const TpeStrategy&) = delete;
  TpeStrategy& operator=(const TpeStrategy&) = delete;
  [[nodiscard]] std::string_view name() const override { return "tpe"; }
  [[nodiscard]] Asked ask(const StudyView& study, int count) override;

 private:
  [[nodiscard]] std::optional<Configuration> startup_point(const StudyView& study, TrialId trial, const Tried& tried) const;
  [[nodiscard]] std::optional<Configuration> propose(const StudyView& study, TrialId trial, const TrialSplit& split,
                                                     const std::vector<Configuration>& asked, const Tried& tried) const;

  TpeOptions options_;
  UnitCube cube_;
  UserPrior beliefs_;
};

Entry<Strategy> tpe_entry();

}  // namespace tune::strategies
