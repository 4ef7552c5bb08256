#pragma once

#include <memory>

#include "strategies/bayesian/ask_model.hpp"
#include "strategies/bayesian/earlier.hpp"
#include "strategies/bayesian/fit_schedule.hpp"
#include "strategies/bayesian/options.hpp"
#include "strategies/tried.hpp"
#include "strategies/user_prior.hpp"
#include "tune/registry.hpp"

namespace tune::strategies {

/// A Gaussian process over the unit cube; proposes where the acquisition is largest. docs/search.md says how.
class BayesianStrategy final : public Strategy {
 public:
  BayesianStrategy(const Space& space, BayesianOptions options);
  BayesianStrategy(const BayesianStrategy&) = delete;
  BayesianStrategy& operator=(const BayesianStrategy&) = delete;
  [[nodiscard]] std::string_view name() const override { return "bayesian"; }
  [[nodiscard]] bool learns_from_earlier() const override { return true; }
  [[nodiscard]] Asked ask(const StudyView& study, int count) override;

 private:
  const Earlier& earlier_of(const StudyView& study);
  std::unique_ptr<AskModel> make_model(const StudyView& study, const Earlier& earlier);
  std::optional<Configuration> propose_favourite(const Earlier& earlier, TrialId trial, const Tried& tried) const;
  std::optional<Configuration> propose_initial(const StudyView& study, TrialId trial, const Tried& tried) const;

  BayesianOptions options_;
  FeatureSpace features_;
  UserPrior prior_;
  FitSchedule schedule_;
  std::unique_ptr<Earlier> earlier_;
};

Entry<Strategy> bayesian_entry();

}  // namespace tune::strategies
