#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "strategies/bayesian/earlier.hpp"
#include "strategies/bayesian/features.hpp"
#include "strategies/bayesian/fit.hpp"
#include "strategies/bayesian/training_data.hpp"
#include "tune/study_view.hpp"

namespace tune::strategies {

/// Which hyperparameters a study has: a pure function of its finished trials, made cheap by remembering earlier results.
///
/// They are refitted at growing numbers of finished trials ("stages": 4, 5, ..., then every 5 % more), each time from the stage
/// before as starting point; about every doubling is an anchor, which starts from nothing, so that a fresh instance has few
/// stages to make up for. What is remembered is used only where the trials it came from are the same, so a fresh instance gives
/// the same answer as one that has followed the study.
class FitSchedule {
 public:
  FitSchedule(const FeatureSpace& features, bool warp_inputs);

  Hyperparameters at(const StudyView& study);
  /// What earlier studies say; forgets everything else. `earlier` must outlive it.
  void begin(const Earlier& earlier);
  /// Fitted from nothing to the first `finished` trials, whatever came before: the cost has a bound.
  [[nodiscard]] Hyperparameters fit_anchor(const StudyView& study, std::size_t finished) const;
  /// The shape a fit of that many usable trials has.
  [[nodiscard]] ModelShape shape(int usable) const;

 private:
  /// What the fit depends on of one finished trial.
  struct Seen {
    Configuration configuration;
    TrialStatus status;
    bool infeasible;
    std::optional<double> value;
    std::vector<std::pair<std::int64_t, double>> curve;
    bool operator==(const Seen&) const = default;
  };
  static Seen seen(const TrialView& trial);
  static bool same(const Seen& known, const TrialView& trial);
  void forget_from_first_difference(const StudyView& study);
  [[nodiscard]] TrainingData data_of(const StudyView& study, std::size_t finished, double fade) const;
  [[nodiscard]] Hyperparameters fit_stage(const StudyView& study, std::size_t finished, const Hyperparameters& start) const;

  const FeatureSpace& features_;
  bool warp_inputs_;
  const Earlier* earlier_ = nullptr;
  std::optional<Goal> goal_;
  std::optional<std::int64_t> max_step_;
  std::vector<Seen> history_;
  std::map<std::size_t, Hyperparameters> stages_;  ///< by number of finished trials
};

/// How far the output warps give way to plain values (0: not at all, 1: wholly), by the share of the fitted variance that is
/// noise.
double output_fade(const Hyperparameters& hyper);

}  // namespace tune::strategies
